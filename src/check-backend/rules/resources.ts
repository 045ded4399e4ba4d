import { Buffer } from 'node:buffer'
import { contractHeader } from '../../protocol/contract.js'
import type { Exchange } from '../harness/client.js'
import { expect, expectOutcome, member } from '../harness/expectations.js'
import { json, type Answer } from '../harness/provider/server.js'
import type { Scene } from '../harness/scene.js'
import type { Rules } from '../rule.js'
import { checkConnection } from './flow.js'

/** Asks for the accounts while the API answers with something of the check's own. */
async function withAnswer(scene: Scene, answer: Answer): Promise<Exchange> {
  const request = await scene.address(scene.resource('GET', 'accounts'))
  scene.provider.next('api', answer)
  return scene.ask(request)
}

/** Pages' calls of the provider's API: what they may be, and may not. */
export const resourceRules: Rules = {
  'bff-token': {
    sent: 'a whole flow with the bff provider',
    why: 'The page learns that it is connected; tokens stay behind.',
    section: 'RFC 10017 §6.1.2',
    async run(scene) {
      const answer = await scene.ask(scene.token(await scene.begin({ at: 'bff' }), {}, 'bff'), 200)
      checkConnection(scene, member(answer, 'connection'), 'bff')
    },
  },
  'bff-access-token': {
    sent: 'POST /connections/{id}/access-token for a bff connection',
    why: 'In this mode no script can reach a token, whatever it asks for.',
    section: 'RFC 10017 §6.1.4.2',
    refuses: (scene) => [scene.accessToken('{bff}')],
    refusal: 'not_found',
  },
  resource: {
    sent: 'GET resource/accounts?limit=2, resource/accounts/{id}, POST resource/payments',
    why: 'What is listed goes to the API with the token added by the backend.',
    section: 'RFC 10017 §6.1.2',
    async run(scene) {
      const { result, seen } = await scene.seen('api', async () => [
        await scene.ask(scene.resource('GET', 'accounts?limit=2'), 200),
        await scene.ask(scene.resource('GET', 'accounts/acc-1.2_3~4'), 200),
        await scene.ask(scene.resource('POST', 'payments', { body: { amount: 12 } }), 200),
      ])
      const isMarked = result.some(({ headers }) => headers.has(contractHeader))
      expect(!isMarked, "an answer of the API carries the contract's header")
      const targets = seen.map(({ method, target }) => `${method} ${target}`)
      const wanted = ['GET /api/accounts?limit=2', 'GET /api/accounts/acc-1.2_3~4', 'POST /api/payments']
      expect(targets.join() === wanted.join(), 'the API did not receive exactly what was asked for')
      expect(seen[2]?.text === '{"amount":12}', 'the body did not arrive as it was sent')
    },
  },
  'resource-unlisted': {
    sent: 'a path and a method that are not listed',
    why: 'What is not allowed by name does not exist.',
    section: 'RFC 10017 §6.1.3.6',
    refuses: (scene) => [
      scene.resource('GET', 'admin'),
      scene.resource('GET', ''),
      scene.resource('POST', 'accounts', { body: {} }),
      scene.resource('HEAD', 'accounts'),
    ],
    // The answer to a HEAD has no body that could hold an error.
    refusal: ['not_found', 'method_not_allowed', 405],
  },
  'resource-path': {
    sent: 'tricks with dots, slashes, backslashes, semicolons and encodings',
    why: "Two parsers that disagree about a path open what neither's owner has allowed.",
    section: 'RFC 10017 §6.1.3.6, RFC 3986 §6.2.2',
    refuses: (scene) =>
      [...trickyPaths, ...pathsToAnotherHost(new URL(scene.provider.issuer).host)].map((path) =>
        scene.resource('GET', path),
      ),
    refusal: '4xx',
  },
  'resource-first-segment': {
    sent: 'GET resource/{customerId}/transactions for ids that read like the beginning of a URL',
    why: 'Resolved against the base instead of appended to it, such an id is a scheme and a host: the token goes there.',
    section: 'contract, resource; RFC 3986 §5.2.2',
    async run(scene) {
      const { host } = new URL(scene.provider.issuer)
      for (const first of [`http:${host}`, `https:${host}`, 'localhost:1', 'data:1', 'a:b:c', ':']) {
        const path = `${first}/transactions`
        const { result, seen } = await scene.seen('api', () => scene.ask(scene.resource('GET', path)))
        const reached = seen.map(({ target }) => target).join()
        expect(reached === `/api/${path}`, `resource/${path} reached the API as ${reached || 'nothing'}`)
        expectOutcome(result, 200)
      }
    },
  },
  'resource-query': {
    sent: 'a query parameter that is not listed, and a listed one twice',
    why: 'A parameter can widen a request as a path can.',
    section: 'RFC 10017 §6.1.3.6',
    refuses: (scene) =>
      ['admin=1', 'limit=1&limit=2', '__proto__=1'].map((query) =>
        scene.resource('GET', `accounts?${query}`),
      ),
    refusal: 'invalid_request',
  },
  'resource-request-headers': {
    sent: 'Cookie, X-Forwarded-For, Connection, X-HTTP-Method-Override, Proxy-Authorization and a header of its own',
    why: "The app's cookies and a page's headers mean something else to the provider.",
    section: 'RFC 10017 §6.1.3.6, RFC 9110 §7.6.1',
    async run(scene) {
      const { sessions, origin } = scene.options
      const headers = { ...pageHeaders, referer: origin }
      const { seen } = await scene.seen('api', () =>
        scene.ask(scene.resource('GET', 'accounts', { headers })),
      )
      const [request] = seen
      expect(request !== undefined, 'the API received nothing')
      // The backend sets an Authorization of its own; a session in that header shows there by its value.
      const own = Object.keys(sessions.user).filter((name) => name.toLowerCase() !== 'authorization')
      const names = ['cookie', 'origin', 'countersign', ...own, ...Object.keys(headers)]
      const passed = names.filter((name) => request.headers.has(name))
      expect(passed.length === 0, `the API received ${passed.join(', ')} of the page`)
      const isBearer = request.headers.get('authorization')?.startsWith('Bearer ') ?? false
      expect(isBearer, 'the API received no bearer token')
      expect(request.headers.get('host') === new URL(scene.provider.issuer).host, 'Host is not the API')
    },
  },
  'resource-answer-headers': {
    sent: 'a request that the API answers with Set-Cookie, Location, Clear-Site-Data, Refresh and more',
    why: "They would act on the app's own origin.",
    section: 'RFC 10017 §6.1.3.6',
    async run(scene) {
      const answer = await withAnswer(scene, json(200, {}, actingHeaders))
      expectOutcome(answer, 200)
      const passed = Object.keys(actingHeaders).filter(
        (name) => answer.headers.get(name) === actingHeaders[name],
      )
      expect(passed.length === 0, `the answer carries ${passed.join(', ')} of the API`)
    },
  },
  'resource-type': {
    sent: 'requests that the API answers with HTML, SVG and JavaScript',
    why: "On the app's own origin they would be a page with its rights.",
    section: 'RFC 10017 §5.1.1',
    trouble: {
      asks: 'accounts',
      cases: () =>
        ['text/html', 'image/svg+xml', 'text/javascript'].map((type) => [
          [{ status: 200, headers: { 'content-type': type }, body: '<script>1</script>' }],
          'provider_error',
        ]),
    },
  },
  'resource-redirect': {
    sent: 'a request that the API answers with a redirect',
    why: 'It would carry the access token to wherever the API says.',
    section: 'RFC 10017 §6.1.3.6',
    trouble: {
      asks: 'accounts',
      cases: ({ provider: { issuer } }) => [
        [[{ status: 302, headers: { location: `${issuer}/api/elsewhere` } }], 'provider_error'],
      ],
      requests: 1,
    },
  },
  'resource-error': {
    sent: "requests that the API answers with 500 and a page's text, and with 404 in JSON",
    why: 'The app needs to read a refusal; nobody needs a stack trace.',
    section: 'contract, resource',
    trouble: {
      asks: 'accounts',
      cases: ({ provider }) => [[[json(500, { trace: provider.secrets.words })], 'provider_unavailable']],
    },
    async run(scene) {
      const refused = await withAnswer(scene, json(404, { code: 'NO_SUCH_ACCOUNT' }))
      expectOutcome(refused, 404)
      expect(member(refused, 'code') === 'NO_SUCH_ACCOUNT', "the API's refusal was not relayed")
      expect(!refused.headers.has(contractHeader), "an answer of the API carries the contract's header")
    },
  },
  'resource-token-echoed': {
    tier: 'hardening',
    sent: 'requests whose token the API repeats in its answer, as it is and in escapes of JSON',
    why: 'An API that echoes a request in an error would hand the page what it must not have in this mode.',
    section: 'RFC 10017 §6.1.4.2',
    async run(scene) {
      await scene.live('bff')
      const tokens = [...scene.provider.secrets.accessTokens.keys()]
      const escaped = JSON.stringify(tokens).replace(/[a-z]/gi, escapeJson)
      const headers = { 'content-type': 'application/json' }
      for (const body of [JSON.stringify({ request: { authorization: tokens } }), escaped])
        expectOutcome(await withAnswer(scene, { status: 400, headers, body }), 'provider_error')
    },
  },
  'resource-size': {
    tier: 'hardening',
    sent: 'a body of 80 KiB, and an answer of 5 MiB',
    why: 'Neither side may fill the memory of the server.',
    section: 'RFC 10017 §6.1.3.5',
    refuses: (scene) => [scene.resource('POST', 'payments', { body: { text: 'A'.repeat(80 * 1024) } })],
    refusal: 'payload_too_large',
    trouble: {
      asks: 'accounts',
      cases: () => {
        const body = Buffer.concat([Buffer.from('{}'), Buffer.alloc(5 * 1024 * 1024, ' ')])
        const headers = { 'content-type': 'application/json' }
        return [[[{ status: 200, headers, body }], 'provider_error']]
      },
    },
  },
  'resource-token-refused': {
    sent: 'a GET whose token the API refuses',
    why: 'The token is replaced and the request sent again: the person does not notice.',
    section: 'RFC 6750 §3.1',
    explainedBy: 'access-token',
    async run(scene) {
      const request = await scene.address(scene.resource('GET', 'accounts'))
      scene.provider.next('api', { status: 401 })
      const { result: work, seen: refreshes } = await scene.seen('token', () =>
        scene.seen('api', () => scene.ask(request, 200)),
      )
      const [first, second, third] = work.seen.map(({ headers }) => headers.get('authorization'))
      expect(second !== undefined && third === undefined, 'the request was not sent exactly twice')
      expect(first !== second, 'the request was sent again with the refused token')
      expect(refreshes.length === 1, 'the token was not refreshed exactly once')
    },
  },
  'resource-token-refused-twice': {
    tier: 'hardening',
    sent: 'a GET whose token the API refuses, and the new one too',
    why: 'An API that goes on refusing is not asked for ever.',
    section: 'RFC 6750 §3.1',
    trouble: {
      asks: 'accounts',
      cases: () => [[[{ status: 401 }, { status: 401 }], 'provider_error']],
      requests: 2,
    },
  },
  'resource-token-refused-post': {
    sent: 'a POST whose token the API refuses',
    why: 'What may have had an effect is not repeated.',
    section: 'RFC 9110 §9.2.2',
    trouble: { asks: 'payment', cases: () => [[[{ status: 401 }], 'provider_error']], requests: 1 },
  },
  'resource-step-up': {
    sent: 'a GET and a POST to which the API answers that the person must sign in by a stronger way',
    why: 'The page learns what the API wants, and renews the connection with it; another token would be refused, too.',
    section: 'RFC 9470 §3',
    trouble: {
      asks: 'accounts',
      cases: () => [[[stepUp], 'step_up_required']],
      requests: 1,
    },
    async run(scene) {
      const request = await scene.address(scene.resource('POST', 'payments', { body: { amount: 12 } }))
      scene.provider.next('api', stepUp)
      const { result, seen } = await scene.seen('token', () => scene.ask(request, 'step_up_required'))
      const wanted = [member(result, 'acr_values'), member(result, 'max_age')]
      expect(wanted.join() === 'phr phrh,600', 'the answer does not say what the API wants')
      expect(seen.length === 0, 'the token was refreshed, although another one is refused, too')
    },
  },
  'resource-foreign': {
    sent: "a user's connection in another user's session",
    why: 'It would show one person the bank account of another.',
    section: 'RFC 10017 §6.1.3.6',
    needsOther: true,
    refuses: (scene) => [scene.resource('GET', 'accounts', { as: 'other' })],
    refusal: 'unknown_connection',
  },
  'resource-mediated': {
    sent: 'resource/accounts of a mediated connection',
    why: 'A provider has one mode; the other way in is closed.',
    section: 'contract, resource',
    refuses: () => [['GET', '/connections/{mediated}/resource/accounts']],
    refusal: 'not_found',
  },
}

/** The challenge of an API that wants a newer and stronger sign-in. */
const stepUp: Answer = {
  status: 401,
  headers: {
    'www-authenticate':
      'Bearer error="insufficient_user_authentication", error_description="Sign in again", acr_values="phr phrh", max_age="600"',
  },
}

/** Paths that name no account and no customer. Those that a URL parser folds away lead to something else that is not listed. */
const trickyPaths = String.raw`
  ../admin accounts/.. accounts/../admin accounts/%2e%2e/admin accounts/%2e%2e%2fadmin accounts/..%2fadmin
  accounts/..%5cadmin accounts/..\admin accounts/%252e%252e%252fadmin accounts/..;/admin
  accounts/a%00 accounts/a%2fowner accounts/a/owner accounts/a;x=1 accounts/ accounts//a ACCOUNTS
  /evil.example/accounts %2f%2fevil.example/accounts https://evil.example/accounts @evil.example/accounts
  %09//evil.example ../transactions ./transactions %2e%2e/transactions /transactions //transactions
  http:%2f%2fevil.example/transactions http:\\evil.example/transactions user:password@evil.example/transactions
  accounts/${'a'.repeat(200)}
`
  .trim()
  .split(/\s+/)

/**
 * Paths that are another server's for who resolves them against the API's base (RFC 3986 §5.2.2). The server is the check's
 * own provider, beside its API: it sees what arrives, where another host would see a token and tell nobody.
 */
const pathsToAnotherHost = (host: string): readonly string[] => {
  const ends = [`${host}/transactions`, `${host}/accounts`]
  const beginnings = ['/', '//', '///', '\\', '\\\\', '/\\', '%2f', '%2f%2f', '%5c%5c', '%09//', 'user@']
  const schemes = [
    'http:/',
    'http://',
    'http:\\',
    'http:\\\\',
    'http%3a//',
    'http:%2f%2f',
    'HTTP://',
    'javascript://',
  ]
  return [...beginnings, ...schemes].flatMap((beginning) => ends.map((end) => beginning + end))
}

const escapeJson = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const pageHeaders = {
  'x-forwarded-for': '203.0.113.9',
  forwarded: 'for=203.0.113.9',
  'x-real-ip': '203.0.113.9',
  'x-http-method-override': 'DELETE',
  'proxy-authorization': 'Basic cGFnZTpwYWdl',
  'x-app-secret': 'page',
}

const actingHeaders: Readonly<Record<string, string>> = {
  'set-cookie': 'provider=1; Path=/',
  location: 'https://evil.example/',
  'access-control-allow-origin': '*',
  'clear-site-data': '"*"',
  refresh: '0; url=https://evil.example/',
  link: '<https://evil.example/a.css>; rel=preload',
  'www-authenticate': 'Basic realm="evil"',
  'strict-transport-security': 'max-age=0',
  'service-worker-allowed': '/',
  'x-powered-by': 'provider',
}
