import type { CountersignError } from '../../protocol/errors.js'
import type { ReadableStore } from '../readable-store.js'
import type { Connection } from '../records/connection.js'

/** All connections of the app's user, or why they are not known. */
export type ConnectionsState =
  | { readonly status: 'restoring' }
  | {
      readonly status: 'ready'
      /** Oldest first. */
      readonly connections: readonly Connection[]
      /** Attempts from which the person did not come back in time; oldest first. */
      readonly abandoned: readonly Abandoned[]
    }
  | { readonly status: 'sign_in_required' }
  | { readonly status: 'failed'; readonly error: CountersignError }

/** An attempt to connect that never came back. */
export interface Abandoned {
  readonly id: string
  /** The provider's name. */
  readonly provider: string
  /** When the person left: epoch seconds. */
  readonly startedAt: number
  /** Begins the same connection again. Call it from a click. */
  readonly resume: () => Promise<unknown>
  /** Forgets it. */
  readonly dismiss: () => Promise<void>
}

/** The connections as this page knows them; what is stored is the truth. */
export interface Connections extends ReadableStore<ConnectionsState> {
  /** Reads them again from IndexedDB. Afterwards they are at least as new as the call, whoever else calls. Never rejects. */
  load(): Promise<void>
  /** The app's user must sign in before anything is known. */
  requireSignIn(): void
  /** It is not known whose connections they are. */
  fail(error: CountersignError): void
}
