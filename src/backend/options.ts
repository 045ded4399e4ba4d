import { createOwnIds, createRandomId } from './connections/connection-id.js'
import type { Fetch } from '../protocol/http.js'

import { createInstitutionLists } from './institutions/institution-lists.js'
import { createFormerLists } from './storage/former-lists.js'
import { checkBackendOptions } from './check-options.js'
import { reportBy, type Context } from './context.js'
import { createStart } from './start.js'
import { createSubjectKeys } from './subject-keys.js'
import type { BackendLog } from './backend-events.js'
import type { BackendProviders, Session, SessionOf } from './provider.js'
import { directAddress } from './http/client-address.js'
import { createKnownSessions } from './http/known-sessions.js'
import { memoryRateLimit, type RateLimit } from './http/rate-limit.js'
import { canaryKey, createCanaryCheck } from './storage/canary.js'
import { createRecords } from './storage/records.js'
import { createSealing } from './storage/sealing.js'
import type { Store } from './storage/store.js'
import type { UnattendedLimit } from './connections/unattended-limit.js'

/** Options of {@link createBackend}. */
export interface BackendOptions<P extends BackendProviders = BackendProviders> {
  /** The providers, by the same names as in the page's `createClient`. */
  readonly providers: P
  /** The origins of the app's pages, such as `https://app.example`: exact, no patterns. */
  readonly origins: readonly string[]
  /**
   * The user who is signed in to the app, by the app's own session; `null` where there is none. It sees method, URL and
   * headers of the request, not its body. Its `claims` are all that providers learn about the person.
   */
  readonly session: (request: Request) => SessionOf<P> | null | Promise<SessionOf<P> | null>
  /** Storage of connections, tokens and transactions. `memoryStore()` for a demo, `sqliteStore(path)` for one machine,
   * `postgresStore(pool)` or `redisStore(client)` for replicas. */
  readonly store: Store
  /** The path below which the contract is served; the page's `backend`. @defaultValue `/connect` */
  readonly basePath?: string
  /**
   * Keys that seal the transactions a page carries and the records in the store: 32 random bytes each, as base64url. The
   * first seals, all open. Required with every store but `memoryStore()`: the records hold refresh tokens.
   *
   * Configure them before anything is stored, and keep each for as long as records it has sealed. A record that cannot be
   * opened is answered with `backend_unavailable` and stays as it is (event `record_unreadable`); this includes records from
   * before there were keys. To change the key, put the new one last in every replica, then first, seal all records again with
   * `npx countersign reseal`, and remove the old one a day later: docs/stores.md.
   */
  readonly keys?: readonly string[]
  /**
   * Turns users into keys of the store and into the `subject` of events, so that neither names them: 32 random bytes as
   * base64url, made once with `openssl rand -base64 32`. It is none of `keys` and stays when those are changed: with
   * another one nobody's connections would be found, so `ready` rejects then. Required with every store but `memoryStore()`,
   * which is given random bytes.
   */
  readonly subjectKeySecret?: string
  /**
   * Permission to leave `keys` out although the store is not this process's memory: refresh tokens then lie in it as
   * plain text, protected by nothing but the store's own encryption. `memoryStore()` needs no permission, and the option may stay where
   * it is used in tests. @defaultValue false
   */
  readonly unsealed?: boolean
  /** Permission for pages on another origin than this backend's. @defaultValue false */
  readonly cors?: boolean
  /** The `fetch` for requests to providers. @defaultValue the platform's `fetch` */
  readonly fetch?: Fetch
  /**
   * The client's address, for the rate limit; a Web request does not hold it. Behind a proxy of yours it is the header that
   * the proxy sets. A header that any client can send, such as `X-Forwarded-For` without a proxy, is no address.
   *
   * With `rateLimit: 'off'` nobody asks for it; it may stay, for where requests are counted.
   *
   * Requests without an address share one budget, as if they came from one, until a session is found for their cookies or
   * `Authorization`. @defaultValue with Node's listener the socket's, if it is not a proxy's: no machine nearby, and no
   * forwarding header; otherwise unknown
   */
  readonly clientAddress?: (request: Request) => string | undefined
  /**
   * Counts requests. `off` where something in front does it. @defaultValue `memoryRateLimit()`: by address, user and
   * provider in this process
   */
  readonly rateLimit?: RateLimit | 'off'
  /**
   * Banks' limits of requests that no person has caused, by provider: `backend.connections` keeps to them. Requests of pages are not
   * counted. @defaultValue none
   */
  readonly unattended?: { readonly [Name in keyof P]?: UnattendedLimit }
  /** Takes events for logs and metrics; no event holds a secret. */
  readonly log?: BackendLog
  /** @defaultValue the system's clock */
  readonly clock?: { readonly now: () => number }
  /**
   * Makes the id of a connection, for tests: 22 letters, digits, `-` and `_`, and another one each time.
   * @defaultValue 16 random bytes as base64url
   */
  readonly createId?: () => string
}

/** Checks the options and makes the context. @throws {TypeError} with the remedy. */
export function createContext<P extends BackendProviders>(options: BackendOptions<P>): Context {
  const { providers, origins, store, basePath, unattended } = checkBackendOptions(options)
  const { cors = false, clock, log, keys, rateLimit } = options
  const subjects = createSubjectKeys(options.subjectKeySecret, store)
  const endsWithProcess = store.inProcess === true
  const now = (): number => Math.floor(clock ? clock.now() : Date.now() / 1000)
  const sealing = keys && createSealing(keys)
  const emit = createEmit(log, now)
  const records = createRecords(store, sealing, now, reportBy(emit))
  return {
    basePath,
    guard: { origins, cors },
    providers,
    session: readSession(options.session),
    subjectKey: subjects.of,
    formerLists: endsWithProcess ? undefined : createFormerLists(),
    clientAddress: options.clientAddress ?? directAddress,
    knownSessions: createKnownSessions(),
    rateLimit: rateLimit === 'off' ? () => 0 : (rateLimit ?? memoryRateLimit({}, now)),
    records,
    sealing,
    // Looked up at every call, so that what replaces the global one later is used.
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    now,
    createId: options.createId ? createOwnIds(options.createId) : createRandomId,
    attended: false,
    unattended,
    institutions: createInstitutionLists(now),
    storeKeys: store.keys?.bind(store),
    redemptions: new Map(),
    refreshes: new Map(),
    emit,
    ...createStart({
      ...{ providers, records, now },
      read: () => store.get(canaryKey),
      canary: endsWithProcess ? undefined : createCanaryCheck(records, now, subjects.proof),
    }),
  }
}

/** Calls the integrator's function with the request but for its body, and checks its result. */
function readSession(session: BackendOptions['session']): Context['session'] {
  return async ({ url, method, headers }) => {
    const given: { subject: string; claims?: object } | null = await session(
      new Request(url, { method, headers }),
    )
    if (given === null) return null
    const { subject, claims = {} } = given
    if (typeof subject !== 'string' || subject === '' || subject.length > 255)
      throw new TypeError('`session` gave no subject: a string of 1 to 255 characters, or null for nobody.')
    return { subject, claims } satisfies Session
  }
}

function createEmit(log: BackendLog | undefined, now: () => number): Context['emit'] {
  return (name, event = {}) => {
    try {
      log?.({ name, at: now(), ...event })
    } catch {
      // A broken log must not break a request.
    }
  }
}
