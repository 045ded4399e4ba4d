// What a page takes from its address, its storage, its backend and its app.
import { oidc } from 'countersign/providers'
import { assert } from 'vitest'
import { captureResponse } from '../../../src/core/callback/capture.js'
import { decide } from '../../../src/core/callback/decide.js'
import { toConnection } from '../../../src/core/channel/backend.js'
import { resourceUrl } from '../../../src/core/channel/resource-url.js'
import { getAccessToken } from '../../../src/core/connections/access-token.js'
import { project } from '../../../src/core/connections/project.js'
import type { Context } from '../../../src/core/context.js'
import { createHeldTokens } from '../../../src/core/held-tokens.js'
import type { Provider } from '../../../src/core/provider.js'
import type { Connection } from '../../../src/core/records/connection.js'
import { connectionKey } from '../../../src/core/records/keys.js'
import { checkAuthorizationUrl } from '../../../src/protocol/authorization-request.js'
import { parseAuthorizationResponse } from '../../../src/protocol/authorization-response.js'
import { safeReturnTo } from '../../../src/protocol/return-to.js'
import { isQuery } from '../../../src/providers/stitch/graphql.js'
import { secret } from '../../support/secrets.js'
import { mutateJson, mutateText } from '../mutate.js'
import { outcomeOf, type Target } from '../target.js'

const origin = 'https://app.example'
const issuer = 'https://as.example'
const redirectUri = `${origin}/callback/bank`
const code = secret('c0de-of-the-fuzz')
const state = secret('s'.repeat(43))
const now = 1_800_000_000

const responses = [
  `?code=${code}&state=${state}`,
  `?code=${code}&state=${state}&iss=${encodeURIComponent(issuer)}&session_state=1`,
  `?error=access_denied&error_description=no&state=${state}`,
  `?tab=2&code=${code}&state=${state}#part`,
]

const callback: Target = {
  name: 'authorization responses in the address',
  outcomes: ['accepted', 'response_malformed', 'state_missing'],
  async run(changes, pick) {
    let address = new URL(redirectUri + mutateText(responses[pick % responses.length] ?? '', changes))
    let entry: unknown = { app: 'own' }
    const navigation = {
      url: () => new URL(address),
      historyState: () => entry,
      replace(url: string, next: unknown) {
        address = new URL(url)
        entry = next
      },
    }
    const captured = captureResponse(navigation as never, ['bank'], () => redirectUri)
    const parameters = captured?.parameters
    if (!parameters) return 'no response'
    // Hosts add slashes, `.html` or `index.html`; nothing else leads here.
    assert.equal(address.origin, origin)
    assert.match(address.pathname, /^\/callback\/bank(?:\/*|\.html|\/index\.html)$/)
    for (const name of ['code', 'state', 'iss', 'error', 'access_token', 'id_token'])
      assert.isFalse(address.searchParams.has(name), `${name} stays in the address`)
    assert.notInclude(JSON.stringify(entry), state)
    return outcomeOf(() => {
      const response = parseAuthorizationResponse(parameters)
      assert.deepEqual(parameters.getAll('state'), [response.state])
      assert.isFalse(response.code !== undefined && response.error !== undefined)
      for (const name of ['access_token', 'id_token']) assert.isFalse(parameters.has(name))
    })
  },
}

/** What a page finds in its history entry after a reload: the app, or any script of the origin, may have written it. */
const historyState: Target = {
  name: 'history states',
  outcomes: ['accepted', 'nothing'],
  run(changes) {
    let entry: unknown = mutateJson({ app: 'own', countersign: 'i'.repeat(16) }, changes)
    const navigation = {
      url: () => new URL(redirectUri),
      historyState: () => entry,
      replace(_url: string, next: unknown) {
        entry = next
      },
    }
    const captured = captureResponse(navigation as never, ['bank'], () => redirectUri)
    if (!captured) return 'nothing'
    assert.equal(captured.provider, 'bank')
    assert.isUndefined(captured.parameters)
    assert.isString((captured as { readonly id?: unknown }).id)
    return 'accepted'
  },
}

const places = ['/accounts', '/a/b?c=d#e', '/', '/%2f/x?next=/y', '/callback', '/x/../y']

const returnTo: Target = {
  name: 'returnTo',
  outcomes: ['accepted', 'refused'],
  run(changes, pick) {
    const given = mutateText(places[pick % places.length] ?? '', changes)
    const result = safeReturnTo(given, origin, ({ pathname }) => pathname === '/callback/bank')
    const url = new URL(result, `${origin}/somewhere`)
    assert.equal(url.origin, origin)
    assert.isFalse(result.startsWith('//') || result.includes('\\'))
    assert.notEqual(url.pathname, '/callback/bank')
    return result === '/' && given !== '/' ? 'refused' : 'accepted'
  },
}

const transaction = {
  ...{ v: 1, phase: 'left', state, codeVerifier: secret('v'.repeat(43)), codeChallenge: 'c'.repeat(43) },
  ...{ nonce: secret('n'.repeat(43)), provider: 'bank', clientId: 'client-1', issuer, redirectUri },
  ...{ scope: 'openid', subject: 'ada', input: { display: 'redirect' }, returnTo: '/accounts' },
  ...{ createdAt: now - 60, expiresAt: now + 840 },
}
const bank = oidc({ issuer, clientId: 'client-1', scope: 'openid' }) as Provider
const context = {
  providers: { bank },
  platform: { clock: { now: () => now }, navigation: { url: () => new URL(redirectUri) } },
  subject: () => 'ada',
  redirectUri: (name: string) => `${origin}/callback/${name}`,
} as unknown as Context

const stored: Target = {
  name: 'stored transactions',
  outcomes: ['accepted', 'refuse: state_unknown', 'show: transaction_invalid'],
  rare: ['refuse: subject_mismatch', 'show: transaction_expired'],
  async run(changes, pick) {
    const phases = [
      transaction,
      { ...transaction, phase: 'returned', code, returnedAt: now - 5 },
      { ...transaction, phase: 'sent', code, returnedAt: now - 5, sends: 1 },
    ]
    const record = mutateJson(phases[pick % phases.length], changes)
    const response = { state, code, iss: issuer, url: new URL(redirectUri) }
    let words = ''
    const outcome = await outcomeOf(() => {
      const step = decide(context, state, record, response, false)
      if (step.do === 'send') {
        // A record of the oldest version names no issuer.
        const { clientId, issuer: asked, redirectUri: uri, subject, codeVerifier } = step.transaction
        assert.deepEqual([clientId, asked ?? issuer, uri, subject], ['client-1', issuer, redirectUri, 'ada'])
        assert.match(codeVerifier, /^[\w.~-]{43,128}$/)
        words = 'accepted'
      } else if (step.do === 'show' || step.do === 'refuse') {
        const why = step.do === 'refuse' ? step.error.code : (step.ended.error?.code ?? step.ended.phase)
        words = `${step.do}: ${why}`
      } else words = step.do
    })
    return outcome === 'accepted' ? words : outcome
  },
}

const connection = {
  ...{
    id: 'connection-1',
    provider: 'bank',
    status: 'connected',
    grantedScope: ['openid'],
    missingScope: [],
  },
  ...{ connectedAt: now - 60, details: { name: 'Ada' }, renewBy: now + 60 },
}
const binding = JSON.stringify([issuer, 'client-1', null])
const held = { v: 1, subject: 'ada', mode: 'browser', persistent: true, binding, connection }
const key = connectionKey(connection.id)

const storedConnections: Target = {
  name: 'stored connections',
  outcomes: ['accepted', 'not listed', 'reauthorization_required'],
  run(changes) {
    const record = mutateJson(held, changes)
    const entries: [string, unknown][] = [
      [key, record],
      ['connection:other', { ...held, subject: 'ben', connection: { ...connection, id: 'other' } }],
    ]
    const { connections } = project({ ...context, tokens: { get: () => undefined } as never }, entries, 'ada')
    assert.isAtMost(connections.length, 1)
    const [listed] = connections
    if (!listed) return 'not listed'
    assert.equal(listed.id, connection.id)
    assert.equal((record as { subject?: unknown }).subject, 'ada')
    return listed.status === 'reauthorization_required' ? listed.status : 'accepted'
  },
}

const tokens = {
  ...{ v: 1, accessToken: secret('t0ken-that-is-stored'), expiresAt: now + 300, usedAt: now, binding },
  refreshToken: secret('refresh-that-is-stored'),
}

/** A page in which these tokens are stored; whatever else it wants to know or do is refused. */
function pageWith(stored: unknown): Context {
  const keeps = {
    ...bank.channel,
    keepsTokens: true,
    load: () => Promise.reject(new Error('offline')),
  }
  return {
    ...context,
    ...{ providers: { bank: { ...bank, channel: keeps } }, channels: new Map(), tokens: createHeldTokens() },
    platform: {
      ...context.platform,
      database: {
        get: (asked: string) => Promise.resolve(asked === key ? held : stored),
        change: () => Promise.resolve(),
      },
      tabs: { announce: () => undefined },
    },
    watchSubject: () => () => true,
    follow: () => Promise.resolve(),
    emit: () => undefined,
  } as unknown as Context
}

const storedTokens: Target = {
  name: 'stored tokens',
  outcomes: ['accepted', 'network_error'],
  rare: ['reauthorization_required'],
  run: (changes) =>
    outcomeOf(async () => {
      const stored = mutateJson(tokens, changes)
      const { value } = await getAccessToken(pageWith(stored), connection as Connection)
      // What is no token goes nowhere.
      assert.match(value, /^[\x21-\x7e]+$/)
    }),
}

const expected = {
  endpoint: `${issuer}/authorize`,
  client_id: 'client-1',
  state,
  code_challenge: 'c'.repeat(43),
  redirect_uri: redirectUri,
}
const authorizationUrls = [
  `${issuer}/authorize?${String(new URLSearchParams({ response_type: 'code', client_id: 'client-1', redirect_uri: redirectUri, state, code_challenge: expected.code_challenge, code_challenge_method: 'S256' }))}`,
  `${issuer}/authorize?client_id=client-1&request_uri=urn%3Ax`,
]

const backendUrl: Target = {
  name: 'authorization URLs of a backend',
  outcomes: ['accepted', 'backend_response_invalid'],
  run: (changes, pick) =>
    outcomeOf(() => {
      const url = new URL(
        checkAuthorizationUrl(
          mutateText(authorizationUrls[pick % authorizationUrls.length] ?? '', changes),
          expected,
        ),
      )
      assert.equal(url.origin + url.pathname, `${issuer}/authorize`)
      assert.equal(url.username + url.password + url.hash, '')
      for (const [name, value] of Object.entries({ ...expected, response_type: 'code' }))
        if (name !== 'endpoint') assert.isTrue(url.searchParams.getAll(name).every((one) => one === value))
    }),
}

const document = {
  ...{ id: 'connection-1', provider: 'bank', status: 'connected', scope: 'accounts', missing_scope: '' },
  ...{ created_at: now, details: { name: 'Ada' }, consent_expires_at: now + 86_400 },
}

const backendConnection: Target = {
  name: 'connections of a backend',
  outcomes: ['accepted', 'backend_response_invalid'],
  run: (changes) =>
    outcomeOf(() => {
      const connection = toConnection(mutateJson(document, changes) as never, 'bank', bank)
      assert.equal(connection.provider, 'bank')
      assert.isTrue(typeof connection.id === 'string' && connection.id !== '' && connection.id.length <= 200)
      assert.isTrue(['connected', 'reauthorization_required', 'failed'].includes(connection.status))
      assert.isTrue(connection.grantedScope.every((one) => typeof one === 'string'))
      assert.isUndefined(({} as { polluted?: unknown }).polluted)
    }),
}

const paths = ['accounts', '/accounts/1?from=2026-01-01', 'accounts/a:b/transactions', 'a/b/../c']

const resource: Target = {
  name: 'paths of an API',
  outcomes: ['accepted', 'resource_not_allowed'],
  run: (changes, pick) =>
    outcomeOf(() => {
      const href = resourceUrl(`${issuer}/api/v1/`, mutateText(paths[pick % paths.length] ?? '', changes))
      const url = new URL(href)
      assert.equal(url.origin, issuer)
      assert.isTrue(url.pathname.startsWith('/api/v1/'))
      assert.notMatch(url.pathname, /%(?:25)*(?:2e|2f|5c|00)|\/\/|\.\.;|\\/i)
    }),
}

const graphqlTexts = [
  '{ user { name } }',
  'query Q($a: Int) { user(a: $a) { name } }',
  'mutation { pay { id } }',
]

const graphql: Target = {
  name: 'GraphQL texts',
  outcomes: ['accepted', 'refused'],
  run(changes, pick) {
    const query = mutateText(graphqlTexts[pick % graphqlTexts.length] ?? '', changes)
    // As a page may write it: any character of JSON can be escaped.
    const plain = JSON.stringify({ query })
    const escaped = plain.replace(/[a-z](?=utation)/, (one) => `\\u00${one.charCodeAt(0).toString(16)}`)
    for (const body of [plain, escaped])
      if (/\bmutation\b/.test((JSON.parse(body) as { query: string }).query))
        assert.isFalse(isQuery(body), 'a mutation would be sent twice')
    return isQuery(plain) ? 'accepted' : 'refused'
  },
}

export const pageTargets: readonly Target[] = [
  ...[
    callback,
    historyState,
    returnTo,
    stored,
    storedConnections,
    storedTokens,
    backendUrl,
    backendConnection,
    resource,
    graphql,
  ],
]
