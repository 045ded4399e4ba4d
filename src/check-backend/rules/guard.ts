import { contractHeader } from '../../protocol/contract.js'
import { createCodeVerifier } from '../../protocol/pkce.js'
import { unknownId, type Bench } from '../harness/bench.js'
import type { SendOptions } from '../harness/client.js'
import { expect, expectRefusal, expectStatus, expectUnseen } from '../harness/expectations.js'
import type { Rule } from '../rule.js'

type Call = readonly [method: string, path: string, body?: object]

/** A request to every endpoint that does something, each as it would succeed or at least be worked on. */
async function effectiveCalls({ options, live, authorizationBody }: Bench): Promise<readonly Call[]> {
  const { mediated, bff } = options.providers
  const id = await live()
  const { body } = await authorizationBody()
  const proof = { code: unknownId(24), state: unknownId(32), code_verifier: createCodeVerifier() }
  const calls: Call[] = [
    ['POST', `/${mediated}/authorization`, body],
    ['POST', `/${mediated}/token`, proof],
    ['POST', `/connections/${id}/access-token`, {}],
    ['DELETE', `/connections/${id}`],
  ]
  return options.level === 1
    ? calls
    : [...calls, ['POST', `/connections/${await live(bff)}/resource/payments`, { amount: 1 }]]
}

/** The same for requests that only read. */
async function readingCalls({ options, live }: Bench): Promise<readonly Call[]> {
  const list: Call = ['GET', '/connections']
  return options.level === 1
    ? [list]
    : [list, ['GET', `/connections/${await live(options.providers.bff)}/resource/accounts`]]
}

const sendCall = (
  { client }: Bench,
  [method, path, body]: Call,
  send: SendOptions,
): ReturnType<Bench['client']['send']> => client.send(method, path, { ...send, ...(body && { body }) })

/** Origins that are not the app's, and look like it. */
export function strangeOrigins(origin: string): readonly string[] {
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

/** Who may ask at all. */
export const guardRules: readonly Rule[] = [
  {
    name: 'origin',
    level: 1,
    sent: 'every call with a foreign, a look-alike, a null and a missing Origin',
    why: "Another site's page rides on the person's cookies.",
    section: 'RFC 10017 §6.1.3.3',
    async run(bench) {
      const [first = '', ...others] = strangeOrigins(bench.options.origin)
      const effective = await effectiveCalls(bench)
      const reading = await readingCalls(bench)
      const [authorization = effective[0]] = effective
      await expectUnseen(bench.provider, async () => {
        const refuse = async (call: Call | undefined, origin: string | undefined): Promise<void> => {
          if (!call) return
          const headers = { origin, 'sec-fetch-site': undefined }
          expectRefusal(await sendCall(bench, call, { headers }), 'forbidden_origin')
        }
        for (const call of [...effective, ...reading]) await refuse(call, first)
        for (const call of effective) await refuse(call, undefined)
        for (const origin of others) await refuse(authorization, origin)
      })
    },
  },
  {
    name: 'fetch-metadata',
    level: 1,
    sent: 'GET without Origin, with Sec-Fetch-Site cross-site, same-site and none',
    why: 'Browsers say where a request comes from where they leave the Origin out: an image, a link, a sibling host.',
    section: 'RFC 10017 §6.1.3.3',
    async run(bench) {
      const calls = await readingCalls(bench)
      await expectUnseen(bench.provider, async () => {
        for (const site of ['cross-site', 'same-site', 'none']) {
          for (const call of calls) {
            const headers = { origin: undefined, 'sec-fetch-site': site }
            expectRefusal(await sendCall(bench, call, { headers }), 'forbidden_origin')
          }
        }
      })
      const [list] = calls
      if (list) expectStatus(await sendCall(bench, list, { headers: { origin: undefined } }), 200)
    },
  },
  {
    name: 'header',
    level: 1,
    sent: 'every call without the Countersign header',
    why: 'A form cannot send it, and another origin asks before it does.',
    section: 'RFC 10017 §6.1.3.3.2',
    async run(bench) {
      const calls = [...(await effectiveCalls(bench)), ...(await readingCalls(bench))]
      await expectUnseen(bench.provider, async () => {
        for (const call of calls)
          expectRefusal(
            await sendCall(bench, call, { headers: { [contractHeader]: undefined } }),
            'forbidden_origin',
          )
      })
    },
  },
  {
    name: 'version',
    level: 1,
    sent: 'Countersign: 2',
    why: 'Two versions that do not understand each other say so at once.',
    section: 'contract, Countersign',
    async run({ client }) {
      const answer = await client.send('GET', '/connections', { headers: { [contractHeader]: '2' } })
      expectRefusal(answer, 'invalid_request')
    },
  },
  {
    name: 'session',
    level: 1,
    sent: "every call without the app's session",
    why: 'Without a user there is nobody on whose behalf to sign or to read.',
    section: 'RFC 10017 §6.2.4.2',
    async run(bench) {
      const calls = [...(await effectiveCalls(bench)), ...(await readingCalls(bench))]
      await expectUnseen(bench.provider, async () => {
        for (const call of calls)
          expectRefusal(await sendCall(bench, call, { as: 'nobody' }), 'unauthenticated')
      })
    },
  },
  {
    name: 'cors',
    level: 1,
    sent: 'preflights from foreign, look-alike and null origins',
    why: 'An answer to any of them would open the backend to that site.',
    section: 'RFC 10017 §6.1.3.3.2',
    async run({ client, options }) {
      const preflight = (origin: string): ReturnType<typeof client.send> =>
        client.send('OPTIONS', `/${options.providers.mediated}/token`, {
          as: 'nobody',
          headers: {
            origin,
            'sec-fetch-site': undefined,
            [contractHeader]: undefined,
            'access-control-request-method': 'POST',
            'access-control-request-headers': 'content-type, countersign',
          },
        })
      for (const origin of strangeOrigins(options.origin))
        expectRefusal(await preflight(origin), 'forbidden_origin')
      const own = await preflight(options.origin)
      // Where page and backend share an origin there is no preflight, and nothing to allow.
      if (own.status === 403) return
      expectStatus(own, 204, 200)
      expect(
        own.headers.get('access-control-allow-origin') === options.origin,
        "the app's origin is not echoed",
      )
      expect(
        /\borigin\b/i.test(own.headers.get('vary') ?? ''),
        'the answer to a preflight lacks Vary: Origin',
      )
    },
  },
  {
    name: 'forwarded',
    level: 1,
    sent: 'X-Forwarded-Host, Forwarded, X-Original-URL and the like that name another host',
    why: 'A header that anybody can send must not decide where people are sent.',
    section: 'RFC 9700 §4.13',
    async run({ client, options, authorizationBody }) {
      const { body } = await authorizationBody()
      const answer = await client.send('POST', `/${options.providers.mediated}/authorization`, {
        body,
        headers: {
          'x-forwarded-host': 'evil.example',
          'x-forwarded-prefix': '/evil.example',
          forwarded: 'host=evil.example;proto=https',
          'x-original-url': '/connections?evil.example',
          'x-rewrite-url': '/connections?evil.example',
        },
      })
      expectStatus(answer, 201)
      expect(!answer.text.includes('evil.example'), 'the answer holds the host of a forwarding header')
    },
  },
]
