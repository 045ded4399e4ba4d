// One replica of a backend, as a process of its own: `node --import tsx replica.ts` with a ReplicaSetup as its argument.
// It sends its port when it listens. When its clock has moved on it answers `{ pass }` with the milliseconds of processor time
// that it has used, and `{ keepFresh }` with the report of examples/keep-fresh.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basis, createBackend, type BackendProvider } from 'countersign/backend'
import { toNodeListener } from 'countersign/backend/node'
import { keepFresh, type KeepFreshOptions } from '../../../examples/keep-fresh/keep-fresh.js'
import { openStore } from './open-store.js'
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

/** A message to a replica: its clock moves on, or it runs the job. */
export type Order = { readonly pass: number } | { readonly keepFresh: KeepFreshOptions }

const { store, server, clientSecret, keys, subjectKeySecret, rotatesRefreshTokens, impatient, lastsDays } =
  JSON.parse(process.argv[2] ?? '') as ReplicaSetup

let passed = 0
const now = (): number => Date.now() / 1000 + passed

/** A provider whose connections must be used, as Stitch's. */
function lasting<Claims extends object>(provider: BackendProvider<Claims>): BackendProvider<Claims> {
  if (lastsDays === undefined) return provider
  const end = () => ({ renewBy: Math.floor(now()) + lastsDays * 86_400 })
  return {
    ...provider,
    redeem: async (...given) => ({ ...(await provider.redeem(...given)), ...end() }),
    refresh: async (...given) => ({ ...(await provider.refresh?.(...given)), ...end() }),
  }
}

const backend = createBackend({
  origins: ['https://app.example'],
  store: await openStore(store, impatient),
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
    ),
  },
})
await backend.ready

process.on('message', (order: Order) => {
  if ('keepFresh' in order) {
    void keepFresh(backend, { ...order.keepFresh, now }).then((report) => process.send?.(report))
    return
  }
  passed += order.pass
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1000)
})
process.on('disconnect', () => process.exit())

const listener = createServer(toNodeListener(backend)).listen(0, '127.0.0.1', () => {
  process.send?.((listener.address() as AddressInfo).port)
})
