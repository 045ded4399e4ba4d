import { contractHeader, correlationHeader, subjectHeader } from '../../protocol/contract.js'
import type { SendOptions } from '../harness/client.js'
import { expect } from '../harness/expectations.js'
import { hashOf, unknownId, unknownProof, type Request, type Scene } from '../harness/scene.js'
import { nameOf } from '../options.js'
import type { Rules } from '../rule.js'

/** A request to every endpoint that does something. */
const effectiveCalls = (scene: Scene): Request[] => [
  scene.authorization(),
  scene.token(unknownProof()),
  scene.accessToken('{mediated}'),
  ['DELETE', '/connections/{mediated}'],
  ...(scene.options.level === 1 ? [] : [scene.resource('POST', 'payments', { body: { amount: 1 } })]),
]

/** The same for requests that only read. */
const readingCalls = (scene: Scene): Request[] => [
  ['GET', '/connections'],
  ...(scene.options.level === 1 ? [] : [scene.resource('GET', 'accounts')]),
]

const everyCall = (scene: Scene): Request[] => [...effectiveCalls(scene), ...readingCalls(scene)]

const changed =
  (changes: SendOptions) =>
  ([method, path, send]: Request): Request => [method, path, { ...send, ...changes }]

/** Origins that are not the app's, and look like it. */
function strangeOrigins(origin: string): readonly string[] {
  const { protocol, hostname, port, host } = new URL(origin)
  const otherScheme = protocol === 'https:' ? 'http:' : 'https:'
  return [
    'https://evil.example',
    'null',
    `${protocol}//${host.replace(/:.*/, '')}.evil.example`,
    `${protocol}//evil${host}`,
    `${protocol}//sub.${host}`,
    `${otherScheme}//${host}`,
    `${protocol}//${hostname}:${port === '8443' ? '8444' : '8443'}`,
    `${origin}/`,
  ]
}

/** The callers that may ask at all. */
export const guardRules: Rules = {
  origin: {
    sent: 'every call with a foreign, a look-alike, a null and a missing Origin',
    why: "Another site's page rides on the person's cookies.",
    section: 'RFC 10017 §6.1.3.3',
    refuses: (scene) => {
      const [first, ...others] = strangeOrigins(scene.options.origin)
      const from = (origin: string | undefined): ReturnType<typeof changed> =>
        changed({ headers: { origin, 'sec-fetch-site': undefined } })
      return [
        ...everyCall(scene).map(from(first)),
        ...effectiveCalls(scene).map(from(undefined)),
        ...others.map((origin) => from(origin)(scene.authorization())),
      ]
    },
    refusal: 'forbidden_origin',
  },
  'fetch-metadata': {
    tier: 'hardening',
    sent: 'GET without Origin, with Sec-Fetch-Site cross-site, same-site and none',
    why: 'Browsers say where a request comes from where they leave the Origin out: an image, a link, a sibling host.',
    section: 'RFC 10017 §6.1.3.3',
    refuses: (scene) =>
      ['cross-site', 'same-site', 'none'].flatMap((site) =>
        readingCalls(scene).map(changed({ headers: { origin: undefined, 'sec-fetch-site': site } })),
      ),
    refusal: 'forbidden_origin',
    async run(scene) {
      await scene.ask(['GET', '/connections', { headers: { origin: undefined } }], 200)
    },
  },
  header: {
    sent: 'every call without the Countersign header',
    why: 'A form cannot send it, and another origin asks before it does.',
    section: 'RFC 10017 §6.1.3.3.2',
    refuses: (scene) => everyCall(scene).map(changed({ headers: { [contractHeader]: undefined } })),
    refusal: 'forbidden_origin',
  },
  version: {
    sent: 'Countersign: 2',
    why: 'Two versions that do not understand each other say so at once.',
    section: 'contract, Countersign',
    refuses: () => [['GET', '/connections', { headers: { [contractHeader]: '2' } }]],
    refusal: 'invalid_request',
  },
  session: {
    sent: "every call without the app's session",
    why: 'Without a user there is nobody on whose behalf to sign or to read.',
    section: 'RFC 10017 §6.2.4.2',
    refuses: (scene) => everyCall(scene).map(changed({ as: 'nobody' })),
    refusal: 'unauthenticated',
  },
  subject: {
    tier: 'hardening',
    sent: 'every call with a Countersign-Subject that is not the hash of the session’s user',
    why: 'Somebody else has signed in to the app in another tab: what a page asks for one user must not be done for the other.',
    section: 'contract, Countersign-Subject',
    refuses: (scene) =>
      [hashOf(unknownId(16)), 'x'].flatMap((subject) =>
        everyCall(scene).map(changed({ headers: { [subjectHeader]: subject } })),
      ),
    refusal: 'subject_mismatch',
  },
  cors: {
    sent: 'preflights from foreign, look-alike and null origins',
    why: 'An answer to any of them would open the backend to that site.',
    section: 'RFC 10017 §6.1.3.3.2',
    refuses: ({ options }) => strangeOrigins(options.origin).map((origin) => preflight(options, origin)),
    refusal: 'forbidden_origin',
    async run(scene) {
      const { options } = scene
      const own = await scene.ask(preflight(options, options.origin), [204, 200, 403])
      // Where page and backend share an origin there is no preflight, and nothing to allow.
      if (own.status === 403) return
      const allowed = own.headers.get('access-control-allow-origin')
      expect(allowed === options.origin, "the app's origin is not echoed")
      const varies = /\borigin\b/i.test(own.headers.get('vary') ?? '')
      expect(varies, 'the answer to a preflight lacks Vary: Origin')
      const sendable =
        own.headers
          .get('access-control-allow-headers')
          ?.toLowerCase()
          .split(/\s*,\s*/) ?? []
      const missing = pageHeaders.filter((name) => !sendable.includes(name))
      expect(missing.length === 0, `a page may not send ${missing.join(', ')}, so it can ask for nothing`)
    },
  },
  correlation: {
    tier: 'hardening',
    sent: 'GET /connections with an X-Fapi-Interaction-Id that is a UUID, and with one that is not',
    why: "It joins the page's request, the backend's log and the provider's; what is no UUID may be anything, and gets into no log.",
    section: 'FAPI 1.0 §6.2.1, CWE-117',
    async run(scene) {
      const echoed = async (id: string): Promise<string | undefined> => {
        const answer = await scene.ask(['GET', '/connections', { headers: { [correlationHeader]: id } }], 200)
        return answer.headers.get(correlationHeader)?.toLowerCase()
      }
      const own = crypto.randomUUID()
      const id = await echoed(own)
      // A backend may have no ids. One that has them takes the page's.
      expect(id === undefined || id === own, 'the answer has another id than its request')
      expect((await echoed(noUuid)) !== noUuid, 'an id that is no UUID came back, so it is in the log, too')
    },
  },
  forwarded: {
    sent: 'X-Forwarded-Host, Forwarded, X-Original-URL and the like that name another host',
    why: 'A header that anybody can send must not decide where people are sent.',
    section: 'RFC 9700 §4.13',
    async run(scene) {
      const headers = {
        'x-forwarded-host': 'evil.example',
        'x-forwarded-prefix': '/evil.example',
        forwarded: 'host=evil.example;proto=https',
        'x-original-url': '/connections?evil.example',
        'x-rewrite-url': '/connections?evil.example',
      }
      const { text } = await scene.ask(scene.authorization({}, { headers }), 201)
      expect(!text.includes('evil.example'), 'the answer holds the host of a forwarding header')
    },
  },
}

/** What the page of this library sends beside what needs no leave. */
const pageHeaders = ['content-type', contractHeader, subjectHeader, correlationHeader].map((name) =>
  name.toLowerCase(),
)

const noUuid = 'admin signed in'

const preflight = (options: Scene['options'], origin: string): Request => [
  'OPTIONS',
  `/${nameOf(options, 'mediated')}/token`,
  {
    as: 'nobody',
    headers: {
      origin,
      'sec-fetch-site': undefined,
      [contractHeader]: undefined,
      'access-control-request-method': 'POST',
      'access-control-request-headers': pageHeaders.join(', '),
    },
  },
]
