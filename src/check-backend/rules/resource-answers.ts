import { Buffer } from 'node:buffer'
import { contractHeader } from '../../protocol/contract.js'
import type { Exchange } from '../harness/client.js'
import { expect, expectOutcome, member } from '../harness/expectations.js'
import { json, type Answer } from '../harness/provider/server.js'
import type { Scene } from '../harness/scene.js'
import type { Rules } from '../rule.js'

/** Asks for the accounts while the API answers with something of the check's own. */
async function withAnswer(scene: Scene, answer: Answer): Promise<Exchange> {
  const request = await scene.address(scene.resource('GET', 'accounts'))
  scene.provider.next('api', answer)
  return scene.ask(request)
}

/** What becomes of the API's answers: those that no page may have, and those that refuse the token. */
export const resourceAnswerRules: Rules = {
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
}

/** The challenge of an API that wants a newer and stronger sign-in. */
const stepUp: Answer = {
  status: 401,
  headers: {
    'www-authenticate':
      'Bearer error="insufficient_user_authentication", error_description="Sign in again", acr_values="phr phrh", max_age="600"',
  },
}

const escapeJson = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

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
