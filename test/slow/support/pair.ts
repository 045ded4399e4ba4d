import { expect } from 'vitest'
import { sha256 } from '../../../src/protocol/digest.js'
import { startAuthorizationServer, type AuthorizationServer } from './authorization-server.js'
import { startReplica, type Answer, type Replica } from './replicas.js'
import type { StoreLocation } from './store-location.js'

/** Seconds after which nobody waits for a refresh or a redemption that somebody else has begun: its lease, and as much as clocks differ. */
export const leaseSeconds = 361

/** Longer than the server's access tokens live. */
export const anHour = 3600

/** How the replicas of a {@link Pair} are set up. */
export interface PairSetup {
  readonly rotates?: boolean
  readonly keys?: readonly string[]
  readonly impatient?: boolean
  readonly lastsDays?: number
}

/** Two replicas on one store, before one authorization server. */
export interface Pair {
  readonly one: Replica
  readonly two: Replica
  readonly server: AuthorizationServer
  close(): Promise<void>
}

export async function startPair(
  { kind, at }: StoreLocation,
  { rotates = true, ...setup }: PairSetup = {},
): Promise<Pair> {
  const server = await startAuthorizationServer({ rotates })
  const common = { store: { kind, at }, server: server.url, rotatesRefreshTokens: rotates, ...setup }
  const [one, two] = await Promise.all([startReplica(common), startReplica({ ...common, impatient: false })])
  return {
    one,
    two,
    server,
    async close() {
      await Promise.all([one.kill(), two.kill()])
      await server.close()
    },
  }
}

/** @param rejected SHA-256 of an access token that the API has refused. */
export const askToken = (replica: Replica, id: string, rejected?: string): Promise<Answer> =>
  replica.call('POST', `/connections/${id}/access-token`, rejected === undefined ? {} : { rejected })

/** The API accepts what a replica gives, and the refresh token that is kept is the good one, too. */
export async function expectUsable({ server }: Pair, replica: Replica, id: string): Promise<void> {
  const { status, body } = await askToken(replica, id)
  expect(status).toBe(200)
  expect(server.isNewest(body.access_token)).toBe(true)
  const next = await askToken(replica, id, await sha256(body.access_token))
  expect(next.status).toBe(200)
  expect(server.isNewest(next.body.access_token)).toBe(true)
}

/** Pages are told what to do, by the answer and by the list. */
export async function expectReauthorization(replica: Replica, id: string): Promise<void> {
  const { status, body } = await askToken(replica, id)
  expect([status, body.error]).toEqual([409, 'reauthorization_required'])
  const { body: list } = await replica.call('GET', '/connections')
  expect(list.connections.find((connection) => connection.id === id)?.status).toBe('reauthorization_required')
}
