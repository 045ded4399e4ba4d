import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../../src/protocol/digest.js'
import {
  anHour,
  askToken,
  expectReauthorization,
  expectUsable,
  leaseSeconds,
  startPair,
  type Pair,
  type PairSetup,
} from './pair.js'
import { begin, connect } from './replicas.js'
import type { SharedStore } from './store-location.js'

/** What a test of this file works with. */
interface Bench {
  readonly store: () => SharedStore
  readonly start: (setup?: PairSetup) => Promise<Pair>
}

/**
 * Two replicas on one store, and what becomes of their connections when a process is killed: nothing is lost and nothing is
 * spent twice, or the connection says that it must be renewed.
 *
 * @param options `hasServer`: the store has a server of its own, to be killed as well. `start`: starts replicas that are no
 * processes of Node's.
 */
export function describeKillTests(
  name: string,
  open: () => Promise<SharedStore>,
  { hasServer, start = startPair }: { readonly hasServer: boolean; readonly start?: typeof startPair },
): void {
  describe(name, () => {
    let store: SharedStore
    let pair: Pair | undefined
    const bench: Bench = {
      store: () => store,
      start: async (setup) => (pair = await start(store, setup)),
    }

    beforeAll(async () => {
      store = await open()
    })

    beforeEach(() => store.clear())

    afterEach(async () => {
      await pair?.close()
      pair = undefined
    })

    afterAll(() => store.close())

    describeTogether(bench)
    describeKilledReplica(bench)
    if (hasServer) describeKilledServer(bench)
  })
}

function describeTogether({ start }: Bench): void {
  describe('two replicas', () => {
    test('refresh once for 200 callers, round after round, and lose no token', async () => {
      const pair = await start()
      const { one, two, server } = pair
      const { id, accessToken } = await connect(one, server)
      let current = accessToken
      // Refused tokens are replaced twice a minute at most.
      for (let round = 1; round <= 2; round += 1) {
        const rejected = await sha256(current)
        const answers = await Promise.all(
          Array.from({ length: 200 }, (_, index) => askToken(index % 2 ? one : two, id, rejected)),
        )
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
        const tokens = new Set(answers.map(({ body }) => body.access_token))
        expect(tokens.size).toBe(1)
        expect(server.count('refresh_token')).toBe(round)
        const [token = ''] = tokens
        expect(server.isNewest(token)).toBe(true)
        current = token
      }
      await expectUsable(pair, two, id)
    })

    test.each([
      ['kept in the store', { keys: [] }],
      ['sealed for the page', {}],
    ])('spend a code once when both are sent it at once, with a transaction %s', async (_, setup) => {
      const { one, two, server } = await start(setup)
      const proof = await begin(one, server)
      const answers = await Promise.all(
        [one, two, one, two].map((replica) => replica.call('POST', '/basis/token', proof)),
      )
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      expect(new Set(answers.map(({ body }) => body.connection.id)).size).toBe(1)
      expect(server.count('authorization_code')).toBe(1)
      const late = await two.call('POST', '/basis/token', proof)
      expect(late.body.connection.id).toBe(answers[0]?.body.connection.id)
      expect(server.count('authorization_code')).toBe(1)
    })
  })
}

function describeKilledReplica({ start }: Bench): void {
  describe('a replica that is killed in the middle of a refresh', () => {
    /** Kills the first replica when its refresh has reached the authorization server. */
    async function killMidway(
      pair: Pair,
      when: 'before' | 'after',
    ): Promise<{ id: string; accessToken: string }> {
      const { one, server } = pair
      const connection = await connect(one, server)
      const hold = server.hold(when)
      const lost = Promise.allSettled([askToken(one, connection.id, await sha256(connection.accessToken))])
      await hold.reached
      await one.kill()
      await lost
      hold.release()
      return connection
    }

    test.each(['before', 'after'] as const)(
      'whose request had arrived, %s it was answered, leaves a connection that says it must be renewed',
      async (when) => {
        const pair = await start()
        const { id } = await killMidway(pair, when)
        // Until then the other waits for it, in vain. It sends the token once more, which the server has replaced.
        await pair.two.pass(anHour)
        await expectReauthorization(pair.two, id)
        expect(pair.server.count('refresh_token')).toBe(2)
      },
    )

    test.each(['before', 'after'] as const)(
      'whose request had arrived, %s it was answered, loses nothing where refresh tokens may be used again',
      async (when) => {
        const pair = await start({ rotates: false })
        const { id } = await killMidway(pair, when)
        await pair.two.pass(anHour)
        await expectUsable(pair, pair.two, id)
      },
    )

    test('leaves the access token in use to those who have no reason to refuse it', async () => {
      const pair = await start()
      const { id, accessToken } = await killMidway(pair, 'before')
      expect((await askToken(pair.two, id)).body.access_token).toBe(accessToken)
    })
  })

  describe('a replica that is killed in the middle of a redemption', () => {
    test('leaves the code to the other, once, if it was not used', async () => {
      const pair = await start()
      const { one, two, server } = pair
      const proof = await begin(one, server)
      const hold = server.hold('before')
      const lost = Promise.allSettled([one.call('POST', '/basis/token', proof)])
      await hold.reached
      await one.kill()
      await lost
      await two.pass(leaseSeconds)
      const { status, body } = await two.call('POST', '/basis/token', proof)
      hold.release()
      expect(status).toBe(200)
      await expectUsable(pair, two, body.connection.id)
    })
  })
}

function describeKilledServer({ store, start }: Bench): void {
  describe('a server of the store that is killed in the middle of a refresh', () => {
    test.each(['before', 'after'] as const)(
      'and comes back gets the new tokens, when it dies %s the authorization server has answered',
      async (when) => {
        const pair = await start()
        const { one, two, server } = pair
        const { id, accessToken } = await connect(one, server)
        const hold = server.hold(when)
        const asked = askToken(one, id, await sha256(accessToken))
        await hold.reached
        await store().server?.kill()
        hold.release()
        await store().server?.restart()
        const { status, body } = await asked
        expect(status).toBe(200)
        expect(body.access_token).not.toBe(accessToken)
        await expectUsable(pair, two, id)
      },
    )

    test('and stays away leaves a connection that says it must be renewed', async () => {
      const { one, two, server } = await start({ impatient: true })
      const { id, accessToken } = await connect(one, server)
      const hold = server.hold('after')
      const asked = askToken(one, id, await sha256(accessToken))
      await hold.reached
      await store().server?.kill()
      hold.release()
      const { status, body } = await asked
      expect([status, body.error]).toEqual([503, 'backend_unavailable'])
      await store().server?.restart()
      await two.pass(anHour)
      await expectReauthorization(two, id)
      expect(server.count('refresh_token')).toBe(2)
    })

    test('in the middle of a redemption gets the connection when it comes back', async () => {
      const pair = await start()
      const { one, two, server } = pair
      const proof = await begin(one, server)
      const hold = server.hold('after')
      const asked = one.call('POST', '/basis/token', proof)
      await hold.reached
      await store().server?.kill()
      hold.release()
      await store().server?.restart()
      const { status, body } = await asked
      expect(status).toBe(200)
      expect(server.count('authorization_code')).toBe(1)
      await expectUsable(pair, two, body.connection.id)
    })
  })
}
