import { Buffer } from 'node:buffer'
import { contractHeader } from '../../protocol/contract.js'
import type { Bench } from '../harness/bench.js'
import type { Exchange } from '../harness/client.js'
import { expect, expectRefusal, expectStatus, expectUnseen, member } from '../harness/expectations.js'
import { json, type ScriptedAnswer } from '../harness/provider/script.js'
import type { Rules } from '../rule.js'
import { checkConnection } from './flow.js'

const live = ({ live: connection, options }: Bench): Promise<string> => connection(options.providers.bff)

/** Asks for the accounts while the API answers with something of the check's own. */
async function withAnswer(bench: Bench, answer: ScriptedAnswer): Promise<Exchange> {
  const id = await live(bench)
  bench.provider.next('api', answer)
  return bench.resource('GET', id, 'accounts')
}

/** Pages' calls of the provider's API: what they may be, and may not. */
export const resourceRules: Rules = {
  'bff-token': {
    level: 2,
    sent: 'a whole flow with the bff provider',
    why: 'The page learns that it is connected; tokens stay behind.',
    section: 'RFC 10017 §6.1.2',
    async run({ begin, redeem, options }) {
      const { bff } = options.providers
      const answer = await redeem(await begin({ provider: bff }), { provider: bff })
      expectStatus(answer, 200)
      checkConnection(member(answer, 'connection'), bff)
    },
  },
  'bff-access-token': {
    level: 2,
    sent: 'POST /connections/{id}/access-token for a bff connection',
    why: 'In this mode no script can reach a token, whatever it asks for.',
    section: 'RFC 10017 §6.1.4.2',
    refuses: () => [['POST', '/connections/{bff}/access-token', { body: {} }]],
    refusal: 'not_found',
  },
  resource: {
    level: 2,
    sent: 'GET resource/accounts?limit=2, resource/accounts/{id}, POST resource/payments',
    why: 'What is listed goes to the API with the token added by the backend.',
    section: 'RFC 10017 §6.1.2',
    async run(bench) {
      const id = await live(bench)
      const { result, seen } = await bench.received('api', async () => [
        await bench.resource('GET', id, 'accounts?limit=2'),
        await bench.resource('GET', id, 'accounts/acc-1.2_3~4'),
        await bench.resource('POST', id, 'payments', { body: { amount: 12 } }),
      ])
      for (const answer of result) {
        expectStatus(answer, 200)
        expect(!answer.headers.has(contractHeader), "an answer of the API carries the contract's header")
      }
      const targets = seen.map(({ method, target }) => `${method} ${target}`)
      const wanted = ['GET /api/accounts?limit=2', 'GET /api/accounts/acc-1.2_3~4', 'POST /api/payments']
      expect(targets.join() === wanted.join(), 'the API did not receive exactly what was asked for')
      expect(seen[2]?.text === '{"amount":12}', 'the body did not arrive as it was sent')
    },
  },
  'resource-unlisted': {
    level: 2,
    sent: 'a path and a method that are not listed',
    why: 'What is not allowed by name does not exist.',
    section: 'RFC 10017 §6.1.3.6',
    async run(bench) {
      const id = await live(bench)
      await expectUnseen(bench.provider, async () => {
        expectRefusal(await bench.resource('GET', id, 'admin'), 'not_found')
        expectRefusal(await bench.resource('GET', id, ''), 'not_found')
        const method = await bench.resource('POST', id, 'accounts', { body: {} })
        expectRefusal(method, 'method_not_allowed', 'not_found')
        const head = await bench.resource('HEAD', id, 'accounts')
        expectStatus(head, 405)
      })
    },
  },
  'resource-path': {
    level: 2,
    sent: 'tricks with dots, slashes, backslashes, semicolons and encodings',
    why: "Two parsers that disagree about a path open what neither's owner has allowed.",
    section: 'RFC 10017 §6.1.3.6, RFC 3986 §6.2.2',
    async run(bench) {
      const id = await live(bench)
      await expectUnseen(bench.provider, async () => {
        for (const path of trickyPaths) {
          const { status } = await bench.resource('GET', id, path)
          expect(status >= 400 && status < 500, `resource/${path} was answered with ${String(status)}`)
        }
      })
    },
  },
  'resource-first-segment': {
    level: 2,
    sent: 'GET resource/{customerId}/transactions for ids that read like the beginning of a URL',
    why: 'Resolved against the base instead of appended to it, such an id is a scheme and a host: the token goes there.',
    section: 'contract, resource; RFC 3986 §5.2.2',
    async run(bench) {
      const id = await live(bench)
      const { host } = new URL(bench.provider.issuer)
      for (const first of [`http:${host}`, `https:${host}`, 'localhost:1', 'data:1', 'a:b:c', ':']) {
        const path = `${first}/transactions`
        const { result, seen } = await bench.received('api', () => bench.resource('GET', id, path))
        const targets = seen.map(({ target }) => target)
        expect(
          targets.join() === `/api/${path}`,
          `resource/${path} reached the API as ${targets.join() || 'nothing'}`,
        )
        expectStatus(result, 200)
      }
    },
  },
  'resource-query': {
    level: 2,
    sent: 'a query parameter that is not listed, and a listed one twice',
    why: 'A parameter can widen a request as a path can.',
    section: 'RFC 10017 §6.1.3.6',
    refuses: ({ resource }) =>
      ['admin=1', 'limit=1&limit=2', '__proto__=1'].map((query) => resource('GET', `accounts?${query}`)),
    refusal: 'invalid_request',
  },
  'resource-request-headers': {
    level: 2,
    sent: 'Cookie, X-Forwarded-For, Connection, X-HTTP-Method-Override, Proxy-Authorization and a header of its own',
    why: "The app's cookies and a page's headers mean something else to the provider.",
    section: 'RFC 10017 §6.1.3.6, RFC 9110 §7.6.1',
    async run(bench) {
      const id = await live(bench)
      const headers = {
        'x-forwarded-for': '203.0.113.9',
        forwarded: 'for=203.0.113.9',
        'x-real-ip': '203.0.113.9',
        'x-http-method-override': 'DELETE',
        'proxy-authorization': 'Basic cGFnZTpwYWdl',
        'x-app-secret': 'page',
        referer: bench.options.origin,
      }
      const { seen } = await bench.received('api', () => bench.resource('GET', id, 'accounts', { headers }))
      const own = Object.keys(bench.options.sessions.user)
      const names = ['cookie', 'origin', 'countersign', ...own, ...Object.keys(headers)]
      const [request] = seen
      expect(request !== undefined, 'the API received nothing')
      // The backend sets an Authorization of its own; a session in that header shows there by its value.
      const passed = names.filter(
        (name) => name.toLowerCase() !== 'authorization' && request.headers.has(name),
      )
      expect(passed.length === 0, `the API received ${passed.join(', ')} of the page`)
      expect(
        request.headers.get('authorization')?.startsWith('Bearer ') ?? false,
        'the API received no bearer token',
      )
      expect(request.headers.get('host') === new URL(bench.provider.issuer).host, 'Host is not the API')
    },
  },
  'resource-answer-headers': {
    level: 2,
    sent: 'a request that the API answers with Set-Cookie, Location, Clear-Site-Data, Refresh and more',
    why: "They would act on the app's own origin.",
    section: 'RFC 10017 §6.1.3.6',
    async run(bench) {
      const answer = await withAnswer(bench, json(200, {}, actingHeaders))
      expectStatus(answer, 200)
      const passed = Object.entries(actingHeaders).filter(
        ([name, value]) => answer.headers.get(name) === value,
      )
      expect(passed.length === 0, `the answer carries ${passed.map(([name]) => name).join(', ')} of the API`)
    },
  },
  'resource-type': {
    level: 2,
    sent: 'requests that the API answers with HTML, SVG and JavaScript',
    why: "On the app's own origin they would be a page with its rights.",
    section: 'RFC 10017 §5.1.1',
    async run(bench) {
      for (const type of ['text/html', 'image/svg+xml', 'text/javascript']) {
        const answer = await withAnswer(bench, {
          status: 200,
          headers: { 'content-type': type },
          body: '<script>1</script>',
        })
        expectRefusal(answer, 'provider_error')
      }
    },
  },
  'resource-redirect': {
    level: 2,
    sent: 'a request that the API answers with a redirect',
    why: 'It would carry the access token to wherever the API says.',
    section: 'RFC 10017 §6.1.3.6',
    async run(bench) {
      const location = `${bench.provider.issuer}/api/elsewhere`
      const { result, seen } = await bench.received('api', () =>
        withAnswer(bench, { status: 302, headers: { location } }),
      )
      expectRefusal(result, 'provider_error')
      expect(seen.length === 1, 'the redirect was followed')
    },
  },
  'resource-error': {
    level: 2,
    sent: "requests that the API answers with 404 in JSON, and with 500 and a page's text",
    why: 'The app needs to read a refusal; nobody needs a stack trace.',
    section: 'contract, resource',
    async run(bench) {
      const refused = await withAnswer(bench, json(404, { code: 'NO_SUCH_ACCOUNT' }))
      expectStatus(refused, 404)
      expect(member(refused, 'code') === 'NO_SUCH_ACCOUNT', "the API's refusal was not relayed")
      expect(!refused.headers.has(contractHeader), "an answer of the API carries the contract's header")
      const { words } = bench.provider.secrets
      const broken = await withAnswer(bench, json(500, { trace: words }))
      expectRefusal(broken, 'provider_unavailable')
    },
  },
  'resource-size': {
    level: 2,
    sent: 'a body of 80 KiB, and an answer of 5 MiB',
    why: 'Neither side may fill the memory of the server.',
    section: 'RFC 10017 §6.1.3.5',
    async run(bench) {
      const id = await live(bench)
      await expectUnseen(bench.provider, async () => {
        const body = { text: 'A'.repeat(80 * 1024) }
        expectRefusal(await bench.resource('POST', id, 'payments', { body }), 'payload_too_large')
      })
      const body = Buffer.alloc(5 * 1024 * 1024, ' ')
      body.write('{}')
      const headers = { 'content-type': 'application/json' }
      expectRefusal(await withAnswer(bench, { status: 200, headers, body }), 'provider_error')
    },
  },
  'resource-token-refused': {
    level: 2,
    sent: 'a GET whose token the API refuses',
    why: 'The token is replaced and the request sent again: the person does not notice.',
    section: 'RFC 6750 §3.1',
    async run(bench) {
      const id = await bench.connect({ provider: bench.options.providers.bff })
      bench.provider.next('api', { status: 401 })
      const { result: work, seen: refreshes } = await bench.received('token', () =>
        bench.received('api', () => bench.resource('GET', id, 'accounts')),
      )
      const { result, seen } = work
      expectStatus(result, 200)
      expect(seen.length === 2, 'the request was not sent exactly twice')
      const [first, second] = seen.map(({ headers }) => headers.get('authorization'))
      expect(first !== second, 'the request was sent again with the refused token')
      expect(refreshes.length === 1, 'the token was not refreshed exactly once')
    },
  },
  'resource-token-refused-twice': {
    level: 2,
    sent: 'a GET whose token the API refuses, and the new one too',
    why: 'An API that goes on refusing is not asked for ever.',
    section: 'RFC 6750 §3.1',
    async run(bench) {
      const id = await bench.connect({ provider: bench.options.providers.bff })
      bench.provider.next('api', { status: 401 })
      bench.provider.next('api', { status: 401 })
      const { result, seen } = await bench.received('api', () => bench.resource('GET', id, 'accounts'))
      expectRefusal(result, 'provider_error')
      expect(seen.length === 2, 'the request was not sent exactly twice')
    },
  },
  'resource-token-refused-post': {
    level: 2,
    sent: 'a POST whose token the API refuses',
    why: 'What may have had an effect is not repeated.',
    section: 'RFC 9110 §9.2.2',
    async run(bench) {
      const id = await live(bench)
      const { result, seen } = await bench.received('api', () => {
        bench.provider.next('api', { status: 401 })
        return bench.resource('POST', id, 'payments', { body: { amount: 1 } })
      })
      expectRefusal(result, 'provider_error')
      expect(seen.length === 1, 'the request was sent again')
    },
  },
  'resource-foreign': {
    level: 2,
    sent: "a user's connection in another user's session",
    why: 'It would show one person the bank account of another.',
    section: 'RFC 10017 §6.1.3.6',
    needsOther: true,
    refuses: ({ resource }) => [resource('GET', 'accounts', { as: 'other' })],
    refusal: 'unknown_connection',
  },
  'resource-mediated': {
    level: 2,
    sent: 'resource/accounts of a mediated connection',
    why: 'A provider has one mode; the other way in is closed.',
    section: 'contract, resource',
    refuses: () => [['GET', '/connections/{mediated}/resource/accounts']],
    refusal: 'not_found',
  },
}

/** Paths that name no account and no customer. Those that a URL parser folds away lead to something else that is not listed. */
const trickyPaths = [
  '../admin',
  'accounts/..',
  'accounts/../admin',
  'accounts/%2e%2e/admin',
  'accounts/%2e%2e%2fadmin',
  'accounts/..%2fadmin',
  'accounts/..%5cadmin',
  'accounts/..\\admin',
  'accounts/%252e%252e%252fadmin',
  'accounts/..;/admin',
  'accounts/a%00',
  'accounts/a%2fowner',
  'accounts/a/owner',
  'accounts/a;x=1',
  'accounts/',
  'accounts//a',
  '/evil.example/accounts',
  '%2f%2fevil.example/accounts',
  'https://evil.example/accounts',
  '@evil.example/accounts',
  '%09//evil.example',
  '../transactions',
  './transactions',
  '%2e%2e/transactions',
  '/transactions',
  '//transactions',
  'http:%2f%2fevil.example/transactions',
  'http:\\\\evil.example/transactions',
  'user:password@evil.example/transactions',
  'ACCOUNTS',
  `accounts/${'a'.repeat(200)}`,
]

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
