import { singleUser } from 'countersign/core'
import { basis, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import { fakeBank, type FakeBankOptions } from 'countersign/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openKit } from '../../src/testing/kit.js'
import { seededRandomness, systemRandomness } from '../../src/testing/random.js'
import { until } from '../support/until.js'

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    bank: oidc({
      issuer: 'https://as.example',
      clientId: 'a',
      scope: 'openid accounts',
      api: 'https://as.example',
    }),
    stitch: stitch({ clientId: 'test-1', scope: 'openid accounts offline_access' }),
    basis: basis({ clientId: '06914d28-f034-4d52-b048-e11024957c11', environment: 'development' }),
    moneyhub: moneyhub({ clientId: 'mh' }),
    fdx: fdx({ clientId: 'fdx', issuer: 'https://bank.example/fdx', scope: 'READ_CONSENTS ACCOUNT_BASIC' }),
  },
} satisfies FakeBankOptions

beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }))
afterEach(() => void vi.useRealTimers())

/** Everything random that a test sees of a bank. */
async function drawn(seed?: string | number) {
  const bank = fakeBank({
    ...options,
    ...(seed !== undefined && { seed }),
    connected: {
      bank: {},
      stitch: {},
      basis: {},
      moneyhub: {},
      fdx: { input: { consentRequest: 'budget' } },
    },
  })
  const { connections } = await until(bank.client.connections, 'ready')
  const tokens = await Promise.all(
    (['bank', 'stitch'] as const).map(async (name) =>
      (await until(bank.client.tokens(name), 'connected')).getAccessToken(),
    ),
  )
  return { ids: connections.map(({ id }) => id), details: connections.map(({ details }) => details), tokens }
}

describe('a seed', () => {
  test('makes the same ids, details and tokens in every run', async () => {
    const first = await drawn('a')
    expect(first.ids).toHaveLength(5)
    expect(first.details).toMatchObject([
      {},
      {},
      { profileId: expect.any(String) as string },
      { connectionId: expect.any(String) as string },
      { grantId: expect.any(String) as string },
    ])
    expect(await drawn('a')).toEqual(first)
  })

  test('of another value makes others, and so does none', async () => {
    const values = await Promise.all([drawn(1), drawn(2), drawn(), drawn()])
    expect(new Set(values.flatMap(({ ids }) => ids)).size).toBe(20)
    expect(new Set(values.flatMap(({ tokens }) => tokens)).size).toBe(8)
  })

  test('makes the same states, nonces, challenges and codes', async () => {
    const response = async (seed: string) => {
      const { tabs, visits } = openKit({ ...options, seed })
      tabs[0].client.authorization('bank').authorize()
      const { server, request } = await visits.expect('bank')
      const { searchParams } = new URL(server.end(request, { kind: 'approve', approval: {} }))
      const { nonce, code_challenge } = Object.fromEntries(request.parameters)
      return { state: searchParams.get('state'), code: searchParams.get('code'), nonce, code_challenge }
    }
    const [first, again, other] = [await response('a'), await response('a'), await response('b')]
    const { state, code, nonce, code_challenge } = first
    expect(again).toEqual(first)
    expect(new Set([state, code, nonce, code_challenge, ...Object.values(other)]).size).toBe(8)
  })
})

test.each([
  ['Web Crypto', systemRandomness],
  ['a seed', seededRandomness('a')],
])('UUIDs of %s are of version 4, and all different', (_, { uuid }) => {
  const all = Array.from({ length: 100 }, uuid)
  for (const one of all)
    expect(one).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
  expect(new Set(all).size).toBe(100)
})
