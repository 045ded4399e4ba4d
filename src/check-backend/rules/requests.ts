import { unknownId } from '../harness/bench.js'
import {
  expect,
  expectRefusal,
  expectStatus,
  expectUnseen,
  member,
  requestOf,
} from '../harness/expectations.js'
import type { Request } from '../harness/sample.js'
import { providerScope, redirectUriOf } from '../options.js'
import type { Rules } from '../rule.js'

const plain = { headers: { 'content-type': 'text/plain' } }

/** Bodies: their type, size and form. */
export const bodyRules: Rules = {
  'content-type': {
    sent: 'JSON as text/plain, as a form, multipart, without a type, compressed',
    why: 'A form of another site can send text/plain, and no browser asks before it does.',
    section: 'RFC 10017 §6.1.3.3, Fetch (CORS-safelisted request headers)',
    refuses: ({ options, authorization, token, accessToken, resource }) => [
      ...otherTypes.map((type) => accessToken({}, { headers: { 'content-type': type } })),
      accessToken({}, { headers: { 'content-encoding': 'gzip' } }),
      authorization({}, plain),
      token({}, plain),
      ...(options.level === 1 ? [] : [resource('POST', 'payments', { body: {}, ...plain })]),
    ],
    refusal: 'unsupported_media_type',
    async afterwards({ live, accessToken }) {
      const utf8 = { headers: { 'content-type': 'application/json; charset=utf-8' } }
      expectStatus(await accessToken(await live(), {}, utf8), 200)
    },
  },
  'body-size': {
    sent: '17 KiB with a Content-Length, and in chunks without one',
    why: 'Nobody may fill the memory of the server; a length is a claim.',
    section: 'RFC 10017 §6.1.3.5',
    refuses: ({ accessToken }) =>
      [false, true].map((chunked) => accessToken({ rejected: 'A'.repeat(17 * 1024) }, { chunked })),
    refusal: 'payload_too_large',
  },
  'body-form': {
    sent: 'no JSON, no object, invalid UTF-8, nothing at all, deep nesting',
    why: 'What cannot be understood is refused before anything is done.',
    section: 'RFC 8259 §9',
    refuses: ({ accessToken }) => malformedBodies.map((body) => accessToken(body)),
    refusal: 'invalid_request',
  },
  'body-members': {
    sent: 'members that only the server may decide: client_id, user_email, sub, token_endpoint',
    why: "Who a person is, and for whom the backend speaks, comes from the app's own session and configuration.",
    section: 'RFC 9396 §12, confused deputy',
    refuses: ({ authorization, token, accessToken }) => [
      authorization({ client_id: 'another' }),
      authorization({ user_email: 'a@evil.example' }),
      authorization({ token_endpoint: 'https://evil.example' }),
      authorization({ input: { sub: 'another' } }),
      token({ sub: 'another' }),
      accessToken({ scope: 'admin' }),
    ],
    refusal: 'invalid_request',
  },
  'body-prototype': {
    sent: '__proto__, constructor and prototype as members, at the top and inside input',
    why: 'Names that change every object of a careless program.',
    section: 'CWE-1321',
    refuses: ({ body, authorization, accessToken }) => {
      const polluted = '{"__proto__":{"polluted":true}}'
      const inside = JSON.stringify({ ...body, input: {} }).replace('{}', polluted)
      const [method, path] = authorization()
      return [
        ...['__proto__', 'constructor', 'prototype'].map((name) =>
          accessToken(polluted.replace('__proto__', name)),
        ),
        [method, path, { body: inside }],
      ]
    },
    refusal: 'invalid_request',
  },
  parameters: {
    sent: 'states, challenges, verifiers and hashes of wrong length, alphabet and type',
    why: 'What is not random enough protects nothing; what is no string reaches code that expects one.',
    section: 'RFC 7636 §4.1, §4.2',
    refuses: ({ body, authorization, token, accessToken }) => [
      authorization({ state: 'short' }),
      authorization({ code_challenge: 'a'.repeat(42) }),
      authorization({ state: [body.state] }),
      token({ code_verifier: 'a'.repeat(42) }),
      token({ code_verifier: 'a'.repeat(129) }),
      token({ code_verifier: `${'a'.repeat(42)}+` }),
      token({ code: undefined }),
      token({ code: { $ne: '' } }),
      ...['short', 1, null, [unknownId(32)]].map((rejected) => accessToken({ rejected })),
    ],
    refusal: 'invalid_request',
  },
  'redirect-uri': {
    sent: 'redirect URIs that are not registered, or only begin like one that is',
    why: 'A code that goes to another address is lost to an attacker.',
    section: 'RFC 9700 §4.1.3',
    refuses: ({ options, authorization }) => {
      const own = redirectUriOf(options, options.providers.mediated)
      const others = ['https://evil.example/callback', `${own}/x`, `${own}?x=1`, undefined]
      return others.map((uri) => authorization({ redirect_uri: uri }))
    },
    refusal: 'invalid_request',
  },
  scope: {
    sent: 'a scope wider than the backend allows, then a narrower one',
    why: 'A page that was taken over must not ask for more than the app does.',
    section: 'RFC 6749 §3.3',
    refuses: ({ authorization }) => [authorization({ scope: `${providerScope} admin` })],
    refusal: 'invalid_request',
    async afterwards({ client }, { authorization }) {
      const narrow = await client.send(...authorization({ scope: 'accounts' }))
      expectStatus(narrow, 201)
      const url = new URL(String(member(narrow, 'authorization_url')))
      expect(url.searchParams.get('scope') === 'accounts', 'the narrower scope was not asked for')
    },
  },
}

/** Paths and methods: what there is, and nothing else. */
export const pathRules: Rules = {
  'provider-unknown': {
    sent: 'names of providers that there are not, __proto__ and constructor among them',
    why: 'A name from outside is looked up in a list, and never becomes an address.',
    section: 'CWE-918, CWE-1321',
    refuses: ({ body }) =>
      ['nobody', '__proto__', 'constructor', 'https:%2f%2fevil.example'].map((name): Request => [
        'POST',
        `/${name}/authorization`,
        { body },
      ]),
    refusal: ['unknown_provider', 'not_found'],
  },
  'connection-unknown': {
    sent: 'ids of connections that there are not',
    why: 'Ids cannot be guessed, and a wrong one says nothing about the right ones.',
    section: 'RFC 10017 §6.2.4.2',
    refuses: () =>
      [unknownId(16), '__proto__', 'constructor', '%2e%2e'].flatMap((id): Request[] => [
        ['POST', `/connections/${id}/access-token`, { body: {} }],
        ['DELETE', `/connections/${id}`],
      ]),
    refusal: ['unknown_connection', 'not_found'],
  },
  'path-unknown': {
    sent: 'paths that the contract does not have: other case, a slash more, /sign, /assertion, /refresh',
    why: 'No endpoint hands out a signature or an assertion, and none exists beside those of the contract.',
    section: 'RFC 10017 §6.2.3.1',
    refuses: ({ options }) =>
      unknownPaths(options.providers.mediated).flatMap((path): Request[] => [
        ['POST', path, { body: {} }],
        ['GET', path],
      ]),
    refusal: 'not_found',
  },
  method: {
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
          const isRight = allow.includes(allowed) && !allow.includes(method)
          expect(isRight, `${requestOf(answer)}: Allow is wrong or missing`)
        }
        expectStatus(await client.send('HEAD', '/connections'), 405)
      })
      const trace = await client.send('TRACE', '/connections')
      expect(trace.status >= 400, 'TRACE was answered')
    },
  },
  'method-override': {
    sent: 'DELETE disguised as POST and GET: X-HTTP-Method-Override, _method',
    why: 'What a request does is said by its method, which browsers guard.',
    section: 'RFC 9110 §9.1',
    refuses: () => [
      ['POST', '/connections/{mediated}', { body: { _method: 'DELETE' }, headers: overrides }],
      ['POST', '/connections/{mediated}?_method=DELETE', { body: {} }],
      ['GET', '/connections/{mediated}?_method=DELETE', { headers: overrides }],
    ],
    refusal: 'method_not_allowed',
    async afterwards({ live, isListed }) {
      expect(await isListed(await live()), 'the connection is gone')
    },
  },
}

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

const unknownPaths = (provider: string): readonly string[] => [
  '/',
  `/${provider}`,
  `/${provider}/authorization/`,
  `/${provider}/AUTHORIZATION`,
  `/${provider}/sign`,
  `/${provider}/assertion`,
  `/${provider}/refresh`,
  `/${provider}/client-credentials`,
  '/connections/',
  '/a/b/c',
]

const overrides = {
  'x-http-method-override': 'DELETE',
  'x-http-method': 'DELETE',
  'x-method-override': 'DELETE',
}
