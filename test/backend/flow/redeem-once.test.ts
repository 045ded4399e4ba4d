import { memoryStore, type Store } from 'countersign/backend'
import { describe, expect, test } from 'vitest'
import { createBench, type Answer, type Bench } from '../support/bench.js'
import { createUpstream, issuer, tokenEndpoint } from '../support/upstream.js'

const discovery = `${issuer}/.well-known/openid-configuration`

const sends = ({ upstream }: Bench) => upstream.to('/connect/token').length

/** Two replicas on one store. The clock of the second is ahead by a minute, so that by it no lease lasts. */
async function openReplicas() {
  const upstream = createUpstream(() => Date.now() / 1000)
  const store = memoryStore()
  let looks = 0
  const watched: Store = {
    ...store,
    get(key) {
      looks += 1
      return store.get(key)
    },
  }
  const options = { backend: { rateLimit: 'off' as const } }
  const here = await createBench({ ...options, upstream, store })
  const ahead = await createBench({ ...options, upstream, store: watched })
  ahead.passed = 61
  /** Does something while a request of `here` to this URL is on its way. */
  const during = (url: string, work: () => Promise<unknown>): void => {
    upstream.next.push(async (request) => {
      if (request.url !== url) return undefined
      // Only once: what this leads to may ask the same URL.
      upstream.next.length = 0
      await work()
      return undefined
    })
  }
  return { here, ahead, upstream, during, looksAhead: () => looks }
}

describe('a replica whose clock is a minute ahead', () => {
  test('does not send a code that another one has sent, and gets the connection from that one', async () => {
    const { here, ahead, during, looksAhead } = await openReplicas()
    const proof = await here.begin()
    let other: Promise<Answer> | undefined
    during(tokenEndpoint, async () => {
      other = ahead.redeem(proof)
      const before = looksAhead()
      await expect.poll(looksAhead).toBeGreaterThan(before + 4)
    })
    const { status, body } = await here.redeem(proof)
    expect(status).toBe(200)
    expect((await other)?.body.connection).toEqual(body.connection)
    expect(sends(here)).toBe(1)
  })

  test('sends a code that another one is about to send; that one sends nothing, and gets the connection', async () => {
    const { here, ahead, during } = await openReplicas()
    const proof = await here.begin()
    let first: Answer | undefined
    during(discovery, async () => {
      first = await ahead.redeem(proof)
    })
    const { status, body } = await here.redeem(proof)
    expect([first?.status, status]).toEqual([200, 200])
    expect(body.connection.id).toBe(first?.body.connection.id)
    expect(sends(here)).toBe(1)
    expect((await here.call('GET', '/connections')).body.connections).toHaveLength(1)
  })

  test('does not use a refresh token that another one is using', async () => {
    const { here, ahead, upstream, during, looksAhead } = await openReplicas()
    upstream.expiresIn = 5
    const { id } = await here.connect()
    upstream.expiresIn = 3600
    let other: Promise<Answer> | undefined
    during(tokenEndpoint, async () => {
      other = ahead.call('POST', `/connections/${id}/access-token`, {})
      const before = looksAhead()
      await expect.poll(looksAhead).toBeGreaterThan(before + 4)
    })
    const { status, body } = await here.call('POST', `/connections/${id}/access-token`, {})
    expect(status).toBe(200)
    expect((await other)?.body.access_token).toBe(body.access_token)
    expect(sends(here)).toBe(2)
  })
})

describe('a transaction', () => {
  test('is as it was while nothing was sent, any number of times', async () => {
    const { here, upstream } = await openReplicas()
    const proof = await here.begin()
    for (let times = 0; times < 4; times += 1) {
      upstream.next.push(({ url }) =>
        url === discovery ? new Response(null, { status: 503, headers: { 'retry-after': '7' } }) : undefined,
      )
      const { body, headers } = await here.redeem(proof)
      expect([body.error, headers.get('retry-after')]).toEqual(['provider_unavailable', '7'])
    }
    expect(sends(here)).toBe(0)
    expect((await here.redeem(proof)).status).toBe(200)
  })
})
