import { createCodeVerifier } from '../../protocol/pkce.js'
import { unknownId } from '../harness/bench.js'
import { expect, expectRefusal, expectStatus, expectUnseen, requestOf } from '../harness/expectations.js'
import { providerScope, redirectUriOf } from '../options.js'
import type { Rule } from '../rule.js'

/** Bodies: their type, size and form. */
export const bodyRules: readonly Rule[] = [
  {
    name: 'content-type',
    level: 1,
    sent: 'JSON as text/plain, as a form, multipart, without a type, compressed',
    why: 'A form of another site can send text/plain, and no browser asks before it does.',
    section: 'RFC 10017 §6.1.3.3, Fetch (CORS-safelisted request headers)',
    async run({ client, options, live, accessToken, authorizationBody, provider }) {
      const id = await live()
      const { body } = await authorizationBody()
      const proof = { code: unknownId(24), state: unknownId(32), code_verifier: createCodeVerifier() }
      const plain = { headers: { 'content-type': 'text/plain' } }
      const { mediated, bff } = options.providers
      const bffId = options.level === 2 ? await live(bff) : undefined
      await expectUnseen(provider, async () => {
        const wrong = [
          ...otherTypes.map((type) => ({ 'content-type': type })),
          { 'content-encoding': 'gzip' },
        ]
        for (const headers of wrong)
          expectRefusal(await accessToken(id, {}, { headers }), 'unsupported_media_type')
        const calls: [string, object][] = [
          [`/${mediated}/authorization`, body],
          [`/${mediated}/token`, proof],
          ...(bffId === undefined
            ? []
            : [[`/connections/${bffId}/resource/payments`, {}] as [string, object]]),
        ]
        for (const [path, json] of calls)
          expectRefusal(await client.send('POST', path, { body: json, ...plain }), 'unsupported_media_type')
      })
      const utf8 = { headers: { 'content-type': 'application/json; charset=utf-8' } }
      expectStatus(await accessToken(id, {}, utf8), 200)
    },
  },
  {
    name: 'body-size',
    level: 1,
    sent: '17 KiB with a Content-Length, and in chunks without one',
    why: 'Nobody may fill the memory of the server; a length is a claim.',
    section: 'RFC 10017 §6.1.3.5',
    async run({ live, accessToken, provider }) {
      const id = await live()
      const rejected = 'A'.repeat(17 * 1024)
      await expectUnseen(provider, async () => {
        for (const chunked of [false, true])
          expectRefusal(await accessToken(id, { rejected }, { chunked }), 'payload_too_large')
      })
    },
  },
  {
    name: 'body-form',
    level: 1,
    sent: 'no JSON, no object, invalid UTF-8, nothing at all, deep nesting',
    why: 'What cannot be understood is refused before anything is done.',
    section: 'RFC 8259 §9',
    async run({ client, live, provider }) {
      const path = `/connections/${await live()}/access-token`
      await expectUnseen(provider, async () => {
        for (const body of malformedBodies)
          expectRefusal(await client.send('POST', path, { body }), 'invalid_request')
      })
    },
  },
  {
    name: 'body-members',
    level: 1,
    sent: 'members that only the server may decide: client_id, user_email, sub, token_endpoint',
    why: "Who a person is, and for whom the backend speaks, comes from the app's own session and configuration.",
    section: 'RFC 9396 §12, confused deputy',
    async run({ client, options, live, accessToken, authorizationBody, provider }) {
      const { mediated } = options.providers
      const { body } = await authorizationBody()
      const proof = { code: unknownId(24), state: unknownId(32), code_verifier: createCodeVerifier() }
      const foreign = {
        client_id: 'another',
        user_email: 'a@evil.example',
        token_endpoint: 'https://evil.example',
      }
      const id = await live()
      await expectUnseen(provider, async () => {
        for (const [name, value] of Object.entries(foreign)) {
          const answer = await client.send('POST', `/${mediated}/authorization`, {
            body: { ...body, [name]: value },
          })
          expectRefusal(answer, 'invalid_request')
        }
        const input = await client.send('POST', `/${mediated}/authorization`, {
          body: { ...body, input: { sub: 'another' } },
        })
        expectRefusal(input, 'invalid_request')
        const token = await client.send('POST', `/${mediated}/token`, { body: { ...proof, sub: 'another' } })
        expectRefusal(token, 'invalid_request')
        expectRefusal(await accessToken(id, { scope: 'admin' }), 'invalid_request')
      })
    },
  },
  {
    name: 'body-prototype',
    level: 1,
    sent: '__proto__, constructor and prototype as members, at the top and inside input',
    why: 'Names that change every object of a careless program.',
    section: 'CWE-1321',
    async run({ client, options, live, provider, authorizationBody }) {
      const { body } = await authorizationBody()
      const inside = JSON.stringify({ ...body, input: {} }).replace('{}', '{"__proto__":{"polluted":true}}')
      const path = `/connections/${await live()}/access-token`
      await expectUnseen(provider, async () => {
        for (const name of ['__proto__', 'constructor', 'prototype']) {
          const answer = await client.send('POST', path, { body: `{"${name}":{"polluted":true}}` })
          expectRefusal(answer, 'invalid_request')
        }
        const nested = await client.send('POST', `/${options.providers.mediated}/authorization`, {
          body: inside,
        })
        expectRefusal(nested, 'invalid_request')
      })
    },
  },
  {
    name: 'parameters',
    level: 1,
    sent: 'states, challenges, verifiers and hashes of wrong length, alphabet and type',
    why: 'What is not random enough protects nothing; what is no string reaches code that expects one.',
    section: 'RFC 7636 §4.1, §4.2',
    async run({ client, options, live, accessToken, authorizationBody, provider }) {
      const { mediated } = options.providers
      const { body } = await authorizationBody()
      const proof = { code: unknownId(24), state: unknownId(32), code_verifier: createCodeVerifier() }
      const id = await live()
      await expectUnseen(provider, async () => {
        for (const wrong of [
          { state: 'short' },
          { code_challenge: 'a'.repeat(42) },
          { state: [body['state']] },
        ])
          expectRefusal(
            await client.send('POST', `/${mediated}/authorization`, { body: { ...body, ...wrong } }),
            'invalid_request',
          )
        for (const wrong of [
          { code_verifier: 'a'.repeat(42) },
          { code_verifier: 'a'.repeat(129) },
          { code_verifier: `${'a'.repeat(42)}+` },
          { code: undefined },
          { code: { $ne: '' } },
        ])
          expectRefusal(
            await client.send('POST', `/${mediated}/token`, { body: { ...proof, ...wrong } }),
            'invalid_request',
          )
        for (const rejected of ['short', 1, null, [unknownId(32)]])
          expectRefusal(await accessToken(id, { rejected }), 'invalid_request')
      })
    },
  },
  {
    name: 'redirect-uri',
    level: 1,
    sent: 'redirect URIs that are not registered, or only begin like one that is',
    why: 'A code that goes to another address is lost to an attacker.',
    section: 'RFC 9700 §4.1.3',
    async run({ client, options, authorizationBody, provider }) {
      const { mediated } = options.providers
      const { body } = await authorizationBody()
      const own = redirectUriOf(options, mediated)
      await expectUnseen(provider, async () => {
        for (const uri of ['https://evil.example/callback', `${own}/x`, `${own}?x=1`, undefined]) {
          const answer = await client.send('POST', `/${mediated}/authorization`, {
            body: { ...body, redirect_uri: uri },
          })
          expectRefusal(answer, 'invalid_request')
        }
      })
    },
  },
  {
    name: 'scope',
    level: 1,
    sent: 'a scope wider than the backend allows, then a narrower one',
    why: 'A page that was taken over must not ask for more than the app does.',
    section: 'RFC 6749 §3.3',
    async run({ client, options, authorizationBody }) {
      const { mediated } = options.providers
      const { body } = await authorizationBody()
      const wide = await client.send('POST', `/${mediated}/authorization`, {
        body: { ...body, scope: `${providerScope} admin` },
      })
      expectRefusal(wide, 'invalid_request')
      const narrow = await client.send('POST', `/${mediated}/authorization`, {
        body: { ...body, scope: 'accounts' },
      })
      expectStatus(narrow, 201)
      const { authorization_url: url } = Object(narrow.body) as Record<string, unknown>
      expect(
        new URL(String(url)).searchParams.get('scope') === 'accounts',
        'the narrower scope was not asked for',
      )
    },
  },
]

/** Paths and methods: what there is, and nothing else. */
export const pathRules: readonly Rule[] = [
  {
    name: 'provider-unknown',
    level: 1,
    sent: 'names of providers that there are not, __proto__ and constructor among them',
    why: 'A name from outside is looked up in a list, and never becomes an address.',
    section: 'CWE-918, CWE-1321',
    async run({ client, authorizationBody, provider }) {
      const { body } = await authorizationBody()
      await expectUnseen(provider, async () => {
        for (const name of ['nobody', '__proto__', 'constructor', 'https:%2f%2fevil.example']) {
          const answer = await client.send('POST', `/${name}/authorization`, { body })
          expectRefusal(answer, 'unknown_provider', 'not_found')
        }
      })
    },
  },
  {
    name: 'connection-unknown',
    level: 1,
    sent: 'ids of connections that there are not',
    why: 'Ids cannot be guessed, and a wrong one says nothing about the right ones.',
    section: 'RFC 10017 §6.2.4.2',
    async run({ client, accessToken, provider }) {
      await expectUnseen(provider, async () => {
        for (const id of [unknownId(16), '__proto__', 'constructor', '%2e%2e']) {
          expectRefusal(await accessToken(id), 'unknown_connection', 'not_found')
          expectRefusal(await client.send('DELETE', `/connections/${id}`), 'unknown_connection', 'not_found')
        }
      })
    },
  },
  {
    name: 'path-unknown',
    level: 1,
    sent: 'paths that the contract does not have: other case, a slash more, /sign, /assertion, /refresh',
    why: 'No endpoint hands out a signature or an assertion, and none exists beside those of the contract.',
    section: 'RFC 10017 §6.2.3.1',
    async run({ client, options, provider }) {
      const { mediated } = options.providers
      const paths = [
        '/',
        `/${mediated}`,
        `/${mediated}/authorization/`,
        `/${mediated}/AUTHORIZATION`,
        `/${mediated}/sign`,
        `/${mediated}/assertion`,
        `/${mediated}/refresh`,
        `/${mediated}/client-credentials`,
        '/connections/',
        '/a/b/c',
      ]
      await expectUnseen(provider, async () => {
        for (const path of paths) {
          expectRefusal(await client.send('POST', path, { body: {} }), 'not_found')
          expectRefusal(await client.send('GET', path), 'not_found')
        }
      })
    },
  },
  {
    name: 'method',
    level: 1,
    sent: 'methods that an endpoint does not have, HEAD and TRACE',
    why: 'A GET can be caused by a link; TRACE repeats cookies.',
    section: 'RFC 9110 §9, §15.5.6',
    async run({ client, options, live, provider }) {
      const { mediated } = options.providers
      const id = await live()
      const calls = [
        ['GET', `/${mediated}/authorization`, 'POST'],
        ['GET', `/${mediated}/token`, 'POST'],
        ['PUT', '/connections', 'GET'],
        ['GET', `/connections/${id}/access-token`, 'POST'],
        ['GET', `/connections/${id}`, 'DELETE'],
      ] as const
      await expectUnseen(provider, async () => {
        for (const [method, path, allowed] of calls) {
          const answer = await client.send(method, path, method === 'PUT' ? { body: {} } : {})
          expectRefusal(answer, 'method_not_allowed')
          const allow = answer.headers.get('allow')?.split(/\s*,\s*/) ?? []
          expect(
            allow.includes(allowed) && !allow.includes(method),
            `${requestOf(answer)}: Allow is wrong or missing`,
          )
        }
        expectStatus(await client.send('HEAD', '/connections'), 405)
      })
      const trace = await client.send('TRACE', '/connections')
      expect(trace.status >= 400, 'TRACE was answered')
    },
  },
  {
    name: 'method-override',
    level: 1,
    sent: 'DELETE disguised as POST and GET: X-HTTP-Method-Override, _method',
    why: 'What a request does is said by its method, which browsers guard.',
    section: 'RFC 9110 §9.1',
    async run({ client, live, list }) {
      const id = await live()
      const headers = {
        'x-http-method-override': 'DELETE',
        'x-http-method': 'DELETE',
        'x-method-override': 'DELETE',
      }
      const calls = [
        await client.send('POST', `/connections/${id}`, { body: { _method: 'DELETE' }, headers }),
        await client.send('POST', `/connections/${id}?_method=DELETE`, { body: {} }),
        await client.send('GET', `/connections/${id}?_method=DELETE`, { headers }),
      ]
      for (const answer of calls) expectRefusal(answer, 'method_not_allowed')
      expect(
        (await list()).some((connection) => connection['id'] === id),
        'the connection is gone',
      )
    },
  },
]

const otherTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/json',
  'application/json; charset=utf-16',
  undefined,
]

const malformedBodies: readonly (string | Uint8Array)[] = [
  '{',
  '',
  'null',
  '[]',
  '"text"',
  '1',
  `{"rejected":${'['.repeat(2000)}${']'.repeat(2000)}}`,
  Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
]
