// What a page sends to a backend.
import { memoryStore } from 'countersign/backend'
import { assert } from 'vitest'
import { createBench, redirectUri, type Bench } from '../../backend/support/bench.js'
import { api, createUpstream, issuer } from '../../backend/support/upstream.js'
import { leaksOf } from '../../support/secrets.js'
import { mutateJson, stringify, mutateText, type Mutation } from '../mutate.js'
import type { Target } from '../target.js'

let opened: Promise<{ bench: Bench; bff: Bench; held: string }> | undefined

/** Runs for which a backend stays: with a store that only grew, each run would take longer than the one before. */
const runsOfABackend = 5_000
let runs = 0

/** One backend for many runs: what one request does must not help the next. */
function open(): NonNullable<typeof opened> {
  if (runs % runsOfABackend === 0) opened = undefined
  runs += 1
  return (opened ??= (async () => {
    // The clocks go on: a bench's own stands still, and a long run outlives an ID Token.
    const now = (): number => Math.floor(Date.now() / 1000)
    const setting = () => ({
      backend: { rateLimit: 'off' as const, clock: { now } },
      store: memoryStore(),
      upstream: createUpstream(now),
    })
    const [bench, bff] = [await createBench(setting()), await createBench({ ...setting(), mode: 'bff' })]
    return { bench, bff, held: (await bff.connect()).id }
  })())
}

/** An answer of the contract, and nothing but requests to the provider before it. */
function checkAnswer(bench: Bench, { status, text, headers }: Awaited<ReturnType<Bench['call']>>): void {
  assert.equal(headers.get('cache-control'), 'no-store')
  assert.notInclude([500], status)
  const body = JSON.parse(text === '' ? '{}' : text) as { access_token?: string }
  // The one secret that a page may have is the access token of its own connection.
  assert.deepEqual(
    leaksOf(text.replaceAll(body.access_token ?? '\u0000', '')).filter(
      (one) => !text.includes(`code=${one}`),
    ),
    [],
  )
  for (const { url } of bench.upstream.requests) assert.isTrue(url.startsWith(issuer) || url.startsWith(api))
  assert.deepEqual(leaksOf(bench.events), [])
  bench.upstream.requests.length = 0
  bench.events.length = 0
}

const request = {
  ...{ state: 'A'.repeat(43), code_challenge: 'B'.repeat(43), nonce: 'C'.repeat(43) },
  ...{ redirect_uri: redirectUri, scope: 'openid accounts' },
}
let made = 0

const authorization: Target = {
  name: 'authorization requests of a page',
  outcomes: ['accepted', 'invalid_request', 'unknown_connection'],
  async run(changes, pick) {
    const { bench } = await open()
    made += 1
    const state = String(made).padStart(43, 'A')
    const connection = pick % 5 === 0 ? { connection: 'A'.repeat(22) } : {}
    const body = mutateJson({ ...request, state, ...connection }, changes)
    const answer = await bench.call('POST', '/stitch/authorization', stringify(body), {
      subject: `user-${String(made)}`,
      headers: { 'content-type': 'application/json' },
    })
    const { authorization_url: url = '', error } = answer.body as {
      authorization_url?: string
      error?: string
    }
    const sent = url === '' ? undefined : new URL(url)
    if (sent) {
      assert.equal(sent.origin, issuer)
      assert.equal(sent.searchParams.get('redirect_uri'), redirectUri)
      assert.equal(sent.searchParams.get('code_challenge_method'), 'S256')
      assert.include(sent.searchParams.get('scope'), 'openid')
    }
    checkAnswer(bench, answer)
    return sent ? 'accepted' : (error ?? 'none')
  },
}

const token: Target = {
  name: 'token requests of a page',
  outcomes: ['accepted', 'invalid_request', 'transaction_invalid', 'invalid_grant'],
  async run(changes) {
    const { bench } = await open()
    made += 1
    // One user may have so many transactions pending.
    const subject = `user-${String(made)}`
    const proof = await bench.begin({ subject })
    const answer = await bench.call('POST', '/stitch/token', stringify(mutateJson(proof, changes)), {
      subject,
      headers: { 'content-type': 'application/json' },
    })
    checkAnswer(bench, answer)
    const { connection, error } = answer.body as { connection?: { id: string }; error?: string }
    if (connection) await bench.call('DELETE', `/connections/${connection.id}`, undefined, { subject })
    return connection ? 'accepted' : (error ?? 'none')
  },
}

const paths = ['graphql']

const resource: Target = {
  name: 'paths through a backend',
  outcomes: ['accepted', 'not_found'],
  async run(changes: readonly Mutation[]) {
    const { bff, held } = await open()
    const path = mutateText(paths[0] ?? '', changes.slice(0, 1 + (changes.length % 2)))
    let answer
    try {
      answer = await bff.call('POST', `/connections/${held}/resource/${path}`, { query: '{ me }' })
    } catch (error) {
      // No URL at all, or of another origin: no browser sends it here.
      if (error instanceof TypeError) return 'no request'
      throw error
    }
    for (const { url } of bff.upstream.requests)
      assert.isTrue(url === `${api}graphql` || url.startsWith(issuer), `${url} was asked for`)
    checkAnswer(bff, answer)
    return answer.status === 200 ? 'accepted' : ((answer.body as { error?: string }).error ?? 'none')
  },
}

export const contractTargets: readonly Target[] = [authorization, token, resource]
