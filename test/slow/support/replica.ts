// One replica of a backend, as a process of its own: `node --import tsx replica.ts` with a ReplicaSetup as its argument.
// It sends its port when it listens, and answers `{ pass }` when its clock has moved on.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basis, createBackend, redisStore } from 'countersign/backend'
import { toNodeListener } from 'countersign/backend/node'
import { createClient } from 'redis'

/** What a replica is told. */
export interface ReplicaSetup {
  readonly redis: string
  /** Where the authorization server is. */
  readonly server: string
  readonly clientSecret: string
  /** None: transactions are kept in Redis. */
  readonly keys: readonly string[]
  readonly rotatesRefreshTokens: boolean
  /** Whether the client of Redis gives up at once what it cannot send, instead of waiting for Redis to come back. */
  readonly impatient: boolean
}

const { redis, server, clientSecret, keys, rotatesRefreshTokens, impatient } = JSON.parse(
  process.argv[2] ?? '',
) as ReplicaSetup

const client = createClient({
  url: redis,
  disableOfflineQueue: impatient,
  socket: { reconnectStrategy: 20 },
})
// Without a listener Node would end the process when Redis goes away.
client.on('error', () => undefined)
await client.connect()

let passed = 0
const backend = createBackend({
  origins: ['https://app.example'],
  store: redisStore(client),
  ...(keys.length > 0 ? { keys } : { unsealed: true }),
  rateLimit: 'off',
  clock: { now: () => Date.now() / 1000 + passed },
  session: (request) => {
    const subject = request.headers.get('cookie')
    return subject === null ? null : { subject, claims: {} }
  },
  providers: {
    basis: basis({
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      clientSecret,
      redirectUri: 'https://app.example/callback/basis',
      authorizationEndpoint: `${server}/authorize`,
      tokenEndpoint: `${server}/token`,
      requiredClaims: [],
      rotatesRefreshTokens,
    }),
  },
})
await backend.ready

process.on('message', ({ pass }: { pass: number }) => {
  passed += pass
  process.send?.('passed')
})
process.on('disconnect', () => process.exit())

const listener = createServer(toNodeListener(backend)).listen(0, '127.0.0.1', () => {
  process.send?.((listener.address() as AddressInfo).port)
})
