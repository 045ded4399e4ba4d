import { randomBytes } from 'node:crypto'
import { memoryStore } from 'countersign/backend'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createCodeVerifier } from '../../../src/protocol/pkce.js'
import { createBench, type Bench, type BenchOptions } from '../support/bench.js'
import { createUpstream, issuer, networkFailure } from '../support/upstream.js'

afterEach(() => {
  vi.useRealTimers()
})

const revocationEndpoint = `${issuer}/connect/revocation`
const key = randomBytes(32).toString('base64url')

const sends = ({ upstream }: Bench) => upstream.to('/connect/token').length
const revoked = ({ upstream }: Bench) =>
  upstream.to('/connect/revocation').map(({ form }) => form.get('token_type_hint'))
const reason = ({ events }: Bench) => events.filter(({ name }) => name === 'refused').at(-1)?.reason

type Answer = () => Response

/** A backend whose provider gives its keys as told; `undefined`: as it should. */
async function open(options: BenchOptions = {}) {
  let answer: Answer | undefined
  const upstream = options.upstream ?? createUpstream(() => now())
  const { fetch } = upstream
  const bench = await createBench({
    ...options,
    stitch: { revocationEndpoint, ...options.stitch },
    backend: { rateLimit: 'off', ...options.backend },
    upstream: {
      ...upstream,
      fetch: async (url, init) => {
        const given = await fetch(url, init)
        if (url === revocationEndpoint) return new Response()
        return url === `${issuer}/jwks` && answer ? answer() : given
      },
    },
  })
  const started = Math.floor(Date.now() / 1000)
  const now = (): number => started + bench.passed
  // The same object: a test changes what it gives.
  Object.defineProperty(bench, 'upstream', { value: upstream })
  return {
    bench,
    keys: (next: Answer | undefined) => {
      answer = next
    },
  }
}

const unreachable: Answer = () => networkFailure()

describe.each([
  ['in the process’s memory', {}],
  ['sealed', { backend: { keys: [key] } }],
])('an answer that cannot be checked yet, kept %s', (_where, options: BenchOptions) => {
  test.each<[string, Answer]>([
    ['offline', unreachable],
    ['503', () => new Response(null, { status: 503 })],
    ['429', () => Response.json({}, { status: 429 })],
    ['HTML', () => new Response('<html></html>', { headers: { 'content-type': 'text/html' } })],
  ])(
    'is checked again by the same request, and the code is not sent again: keys are %s',
    async (_what, down) => {
      const { bench, keys } = await open(options)
      const proof = await bench.begin()
      keys(down)
      for (let times = 0; times < 3; times += 1) {
        const failed = await bench.redeem(proof)
        expect(failed).toMatchObject({ status: 504, body: { error: 'provider_unavailable' } })
        expect(reason(bench)).toBe('no_keys')
        expect((await bench.call('GET', '/connections')).body.connections).toEqual([])
      }
      keys(undefined)
      bench.passed += 400
      const { status, body } = await bench.redeem(proof)
      // It counts from when the answer came.
      expect([status, body.expires_in]).toEqual([200, 3200])
      expect(sends(bench)).toBe(1)
      expect((await bench.redeem(proof)).body.connection.id).toBe(body.connection.id)
      expect((await bench.call('GET', '/connections')).body.connections).toHaveLength(1)
      expect(revoked(bench)).toEqual([])
    },
  )

  test('is nobody else’s, and no other verifier’s', async () => {
    const { bench, keys } = await open(options)
    const proof = await bench.begin()
    keys(unreachable)
    await bench.redeem(proof)
    keys(undefined)
    expect((await bench.redeem(proof, { subject: 'mallory' })).body.error).toBe('transaction_invalid')
    const other = { ...proof, code_verifier: createCodeVerifier() }
    expect((await bench.redeem(other)).body.error).toBe('transaction_invalid')
    expect((await bench.redeem(proof)).status).toBe(200)
    expect(sends(bench)).toBe(1)
  })

  test('is checked once for those who ask at once', async () => {
    const { bench, keys } = await open(options)
    const proof = await bench.begin()
    keys(unreachable)
    await bench.redeem(proof)
    keys(undefined)
    const answers = await Promise.all([bench.redeem(proof), bench.redeem(proof), bench.redeem(proof)])
    expect(new Set(answers.map(({ body }) => body.connection.id)).size).toBe(1)
    expect((await bench.call('GET', '/connections')).body.connections).toHaveLength(1)
  })

  test('is revoked after ten minutes, although nobody asks again', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { bench, keys } = await open(options)
    const proof = await bench.begin()
    keys(unreachable)
    await bench.redeem(proof)
    vi.advanceTimersByTime(599_999)
    vi.advanceTimersByTime(1)
    vi.useRealTimers()
    await expect.poll(() => revoked(bench)).toEqual(['refresh_token', 'access_token'])
    keys(undefined)
    expect((await bench.redeem(proof)).body.error).toBe('transaction_invalid')
    expect(sends(bench)).toBe(1)
  })

  test('is revoked by a request that comes after ten minutes', async () => {
    const { bench, keys } = await open(options)
    const proof = await bench.begin()
    keys(unreachable)
    await bench.redeem(proof)
    keys(undefined)
    bench.passed += 600
    expect((await bench.redeem(proof)).body.error).toBe('transaction_invalid')
    expect(reason(bench)).toBe('spent')
    expect(revoked(bench)).toEqual(['refresh_token', 'access_token'])
    expect((await bench.redeem(proof)).body.error).toBe('transaction_invalid')
    expect(revoked(bench)).toHaveLength(2)
    expect(sends(bench)).toBe(1)
  })

  test('is refused, and revoked, when the keys say that its signature is wrong', async () => {
    const { bench, keys } = await open(options)
    const proof = await bench.begin()
    bench.upstream.tokens = (body) => ({ ...body, id_token: withWrongSignature(body['id_token'] as string) })
    keys(unreachable)
    await bench.redeem(proof)
    keys(undefined)
    expect((await bench.redeem(proof)).body.error).toBe('provider_error')
    expect(revoked(bench)).toEqual(['refresh_token', 'access_token'])
    expect((await bench.redeem(proof)).body.error).toBe('transaction_invalid')
  })
})

test('an answer that is kept lies sealed in the store, and another replica goes on with it', async () => {
  const upstream = createUpstream(() => Date.now() / 1000)
  let issued = ''
  upstream.tokens = (body) => {
    issued = body['access_token'] as string
    return body
  }
  const store = memoryStore()
  const values: string[] = []
  const watched = {
    ...store,
    put: (...parameters: Parameters<typeof store.put>) => {
      values.push(parameters[1])
      return store.put(...parameters)
    },
  }
  const common = { upstream, store: watched, backend: { keys: [key] } }
  const [first, second] = [await open(common), await open(common)]
  const proof = await first.bench.begin()
  first.keys(unreachable)
  expect((await first.bench.redeem(proof)).body.error).toBe('provider_unavailable')
  const { status, body } = await second.bench.redeem(proof)
  expect([status, body.access_token]).toEqual([200, issued])
  expect(sends(first.bench)).toBe(1)
  expect(values.filter((value) => value.includes(issued))).toEqual([])
})

describe('after the process that kept an answer has ended', () => {
  /** Another process on the same store. The timer of the first one never comes. */
  async function restart(stitch: BenchOptions['stitch'] = {}) {
    const common = { upstream: createUpstream(() => Date.now() / 1000), store: memoryStore() }
    const first = await open({ ...common, backend: { keys: [key] } })
    const proof = await first.bench.begin()
    first.keys(unreachable)
    await first.bench.redeem(proof)
    const { bench } = await open({ ...common, stitch, backend: { keys: [key] } })
    return { bench, proof }
  }

  test('it is revoked when its user asks for the list, once', async () => {
    const { bench, proof } = await restart()
    bench.passed += 599
    await bench.call('GET', '/connections')
    bench.passed += 1
    await bench.call('GET', '/connections', undefined, { subject: 'mallory' })
    expect(revoked(bench)).toEqual([])
    await Promise.all([bench.call('GET', '/connections'), bench.call('GET', '/connections')])
    await expect.poll(() => revoked(bench)).toEqual(['refresh_token', 'access_token'])
    expect((await bench.redeem(proof)).body.error).toBe('transaction_invalid')
    await bench.call('GET', '/connections')
    await bench.handle.close()
    expect(revoked(bench)).toHaveLength(2)
    expect(sends(bench)).toBe(1)
  })

  test('its tokens are not sent to another client or server that has the provider’s name by now', async () => {
    const { bench } = await restart({ clientId: 'another-client' })
    bench.passed += 600
    await bench.call('GET', '/connections')
    await bench.handle.close()
    expect(revoked(bench)).toEqual([])
  })

  test('it is not revoked where it has become a connection', async () => {
    const { bench, proof } = await restart()
    expect((await bench.redeem(proof)).status).toBe(200)
    bench.passed += 600
    await bench.call('GET', '/connections')
    await bench.handle.close()
    expect(revoked(bench)).toEqual([])
  })
})

describe('an answer that is refused', () => {
  const refused: [string, (bench: Bench) => void][] = [
    ['another nonce', ({ upstream }) => (upstream.claims = (claims) => ({ ...claims, nonce: 'other' }))],
    ['another audience', ({ upstream }) => (upstream.claims = (claims) => ({ ...claims, aud: 'other' }))],
    ['no ID Token', ({ upstream }) => (upstream.tokens = ({ id_token: _none, ...body }) => body)],
    [
      'a wrong signature',
      ({ upstream }) =>
        (upstream.tokens = (body) => ({ ...body, id_token: withWrongSignature(body['id_token'] as string) })),
    ],
  ]

  test.each(refused)('for %s has its tokens revoked', async (_what, change) => {
    const { bench } = await open()
    change(bench)
    expect((await bench.redeem(await bench.begin())).body.error).toBe('provider_error')
    expect(revoked(bench)).toEqual(['refresh_token', 'access_token'])
  })

  test('is not revoked where that may end the grant of a connection that the user has', async () => {
    const { bench } = await open()
    await bench.connect()
    bench.upstream.claims = (claims) => ({ ...claims, nonce: 'other' })
    expect((await bench.redeem(await bench.begin())).body.error).toBe('provider_error')
    expect(revoked(bench)).toEqual([])
  })
})

function withWrongSignature(jwt: string): string {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  return [header, payload, (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1)].join('.')
}
