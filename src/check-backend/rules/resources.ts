import { contractHeader } from '../../protocol/contract.js'
import { expect, member } from '../harness/expectations.js'
import type { Rules } from '../rule.js'
import { checkConnection } from './checks.js'

/** Pages' calls of the provider's API: whose they are, and what goes there. */
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

const pageHeaders = {
  'x-forwarded-for': '203.0.113.9',
  forwarded: 'for=203.0.113.9',
  'x-real-ip': '203.0.113.9',
  'x-http-method-override': 'DELETE',
  'proxy-authorization': 'Basic cGFnZTpwYWdl',
  'x-app-secret': 'page',
}
