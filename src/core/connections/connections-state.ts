import type { CountersignError } from '../../protocol/errors.js'
import type { ReadableStore } from '../readable-store.js'
import type { Connection } from '../records/connection.js'

/**
 * All connections of the app's user, or why they are not known.
 *
 * @typeParam C A connection of any of the client's providers: its `provider` tells the type of its `details`.
 */
export type ConnectionsState<C extends Connection = Connection> =
  | { readonly status: 'restoring' }
  | {
      readonly status: 'ready'
      /** Oldest first. */
      readonly connections: readonly C[]
      /** Attempts from which the person did not come back in time; oldest first. */
      readonly abandoned: readonly Abandoned<C['provider']>[]
    }
  | { readonly status: 'sign_in_required' }
  | { readonly status: 'failed'; readonly error: CountersignError }

/** An attempt to connect that never came back. */
export interface Abandoned<Name extends string = string> {
  readonly id: string
  /** The provider's name. */
  readonly provider: Name
  /** When the person left: epoch seconds. */
  readonly startedAt: number
  /** Begins the same connection again, and forgets this attempt. Call it from a click: a browser opens a popup only then. */
  readonly restart: () => void
  /** The same, and settles as `authorizeAsync` does. */
  readonly restartAsync: () => Promise<unknown>
  /** Forgets it. Where that cannot be stored, the list of connections says so. */
  readonly dismiss: () => void
  /** The same, and resolves when it is done. @throws {StorageError} when it cannot be stored. */
  readonly dismissAsync: () => Promise<void>
}

/** The list of connections, and the way to bring it up to date. */
export interface ConnectionsStore<C extends Connection = Connection> extends ReadableStore<
  ConnectionsState<C>
> {
  /**
   * Asks the backend again which connections there are, such as after one was made on another device; where there is no
   * backend, reads again what is stored. Without an answer the list stays as it is.
   */
  readonly refresh: () => void
  /** The same, and resolves when the list is up to date. @throws {CountersignError} when the backend gave no list. */
  readonly refreshAsync: () => Promise<void>
}

/** The connections as this page knows them; what is stored is the truth. */
export interface Connections extends ConnectionsStore {
  /** Reads them again from IndexedDB. Afterwards they are at least as new as the call, whoever else calls. Never rejects. */
  load(): Promise<void>
  /** Follows a change of one of them, or of an attempt. Afterwards they are at least as new as the call. Never rejects. */
  follow(id: string): Promise<void>
  /** The app's user must sign in before anything is known. */
  requireSignIn(): void
  /** It is not known whose connections they are. */
  fail(error: CountersignError): void
}
