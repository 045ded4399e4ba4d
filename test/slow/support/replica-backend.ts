// The backend of a replica, in whatever runtime that is: it names nothing of Node's.
import { basis, createBackend, type Backend, type BackendProvider, type Store } from 'countersign/backend'
import type { StoreLocation } from './store-location.js'

/** What a replica is told. */
export interface ReplicaSetup {
  readonly store: StoreLocation
  /** Where the authorization server is. */
  readonly server: string
  readonly clientSecret: string
  /** None: transactions are kept in the store. */
  readonly keys: readonly string[]
  readonly subjectKeySecret: string
  readonly rotatesRefreshTokens: boolean
  /** Whether a client of the store gives up at once what it cannot send, instead of waiting for the server to come back. */
  readonly impatient: boolean
  /** Days after which a connection dies that nobody has used. None: the provider does not say. */
  readonly lastsDays?: number
}

/** @param now Epoch seconds. */
export function createReplicaBackend(
  {
    server,
    clientSecret,
    keys,
    subjectKeySecret,
    rotatesRefreshTokens,
    lastsDays,
  }: Omit<ReplicaSetup, 'store'>,
  store: Store,
  now: () => number,
): Backend {
  return createBackend({
    origins: ['https://app.example'],
    store,
    ...(keys.length > 0 ? { keys } : { unsealed: true }),
    subjectKeySecret,
    rateLimit: 'off',
    clock: { now },
    session: (request) => {
      const subject = request.headers.get('cookie')
      return subject === null ? null : { subject, claims: {} }
    },
    providers: {
      basis: lasting(
        basis({
          clientId: '06914d28-f034-4d52-b048-e11024957c11',
          clientSecret,
          redirectUri: 'https://app.example/callback/basis',
          authorizationEndpoint: `${server}/authorize`,
          tokenEndpoint: `${server}/token`,
          requiredClaims: [],
          rotatesRefreshTokens,
        }),
        lastsDays,
        now,
      ),
    },
  })
}

/** A provider whose connections must be used, as Stitch's. */
function lasting<Claims extends object>(
  provider: BackendProvider<Claims>,
  lastsDays: number | undefined,
  now: () => number,
): BackendProvider<Claims> {
  if (lastsDays === undefined) return provider
  const end = () => ({ renewBy: Math.floor(now()) + lastsDays * 86_400 })
  return {
    ...provider,
    redeem: async (...given) => ({ ...(await provider.redeem(...given)), ...end() }),
    refresh: async (...given) => ({ ...(await provider.refresh?.(...given)), ...end() }),
  }
}
