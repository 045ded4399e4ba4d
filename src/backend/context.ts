import type { CreateId } from './connections/connection-id.js'
import type { Fetch } from '../protocol/http.js'
import type { BackendEvent, RecordKind } from './backend-events.js'
import type { GuardOptions } from './http/guard.js'
import type { InstitutionLists } from './institutions/institution-lists.js'
import type { BackendProvider, Session } from './provider.js'
import type { BackendHealth } from './health.js'
import type { KnownSessions } from './http/known-sessions.js'
import type { RateLimit } from './http/rate-limit.js'
import type { Records, Report } from './storage/records.js'
import { Refusal } from './http/refusal.js'
import type { Sealing } from './storage/sealing.js'
import type { FormerLists } from './storage/former-lists.js'
import type { ConnectionRecord, StoredTokens } from './connections/record.js'

/** State and settings that the parts of one backend share. */
export interface Context {
  readonly basePath: string
  readonly guard: GuardOptions
  readonly providers: ReadonlyMap<string, BackendProvider>
  readonly session: (request: Request) => Promise<Session | null>
  /** The form of a user in keys of the store; see {@link createSubjectKeys}. */
  readonly subjectKey: (subject: string) => Promise<string> | string
  /** Absent where the store ends with this process. */
  readonly formerLists: FormerLists | undefined
  readonly clientAddress: (request: Request) => string | undefined
  readonly knownSessions: KnownSessions
  readonly rateLimit: RateLimit
  readonly records: Records
  readonly sealing: Sealing | undefined
  readonly fetch: Fetch
  /** Epoch seconds, whole. */
  readonly now: () => number
  readonly createId: CreateId
  /** Limits of requests without a person, by provider: requests for one connection within 24 hours. */
  readonly unattended: ReadonlyMap<string, number>
  readonly institutions: InstitutionLists
  /** Every key of the store, where it lists them. */
  readonly storeKeys: (() => AsyncIterable<string>) | undefined
  /** Redemptions under way in this process, for those who ask for the same. */
  readonly redemptions: Map<string, Promise<ConnectionRecord | string>>
  /** Refreshes under way in this process, by connection and `attended`. */
  readonly refreshes: Map<string, Promise<StoredTokens>>
  /** The id of the request that is answered, or of a call of `backend.connections`: a UUID; absent outside of both. */
  readonly correlation?: string
  /** True while the request of a page is answered. */
  readonly attended: boolean
  readonly emit: (name: BackendEvent['name'], event?: Partial<BackendEvent>) => void
  /** Fulfilled when the providers' keys are imported and `keys` belong to the store. */
  readonly ready: () => Promise<void>
  /**
   * Reads from the store, and writes to it.
   *
   * @param onRead Called when it has been read, before the write.
   */
  readonly lookAtStore: (onRead: () => void) => Promise<BackendHealth['store']>
}

/** The provider of a name, from the backend's own list. @throws {Refusal} `unknown_provider` */
export function providerOf({ providers }: Context, name: string): BackendProvider {
  const provider = providers.get(name)
  if (!provider) throw new Refusal('unknown_provider')
  return provider
}

/**
 * The same context for one request: its events have its id.
 *
 * @param attended Whether a page has asked, so that a person is there.
 */
export function forRequest(context: Context, correlation: string, attended = true): Context {
  return {
    ...context,
    correlation,
    attended,
    emit: (name, event) => {
      context.emit(name, { correlation, ...(!attended && { attended }), ...event })
    },
  }
}

/** The same context for one user's request: its events name the user and the provider. */
export async function forSubject(context: Context, subject: string, provider = ''): Promise<Context> {
  const key = await context.subjectKey(subject)
  const common = {
    subject: key.slice(0, 16),
    ...(context.providers.has(provider) && { provider }),
  }
  const emit: Context['emit'] = (name, event) => {
    context.emit(name, { ...common, ...event })
  }
  return { ...context, records: context.records.forRequest(reportBy(emit)), emit }
}

/** Reports unreadable records to the operator. A record's key holds its kind, and the id of a connection. */
export const reportBy =
  (emit: Context['emit']): Report =>
  ({ key, reason }) => {
    const [kind, id] = key.split(':')
    emit('record_unreadable', {
      reason,
      record: kind as RecordKind,
      ...(kind === 'connection' && { connection: id }),
    })
  }
