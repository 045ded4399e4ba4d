import { createState } from '../../protocol/pkce.js'
import { expect, member, requestOf } from '../harness/expectations.js'
import { unknownId, unknownProof, type Request } from '../harness/scene.js'
import { nameOf, providerScope } from '../options.js'
import type { Rules } from '../rule.js'

const live = '{mediated}'
const plain = { headers: { 'content-type': 'text/plain' } }

/** Bodies: their type, size and form. */
export const bodyRules: Rules = {
  'content-type': {
    sent: 'JSON as text/plain, as a form, multipart, without a type, compressed',
    why: 'A form of another site can send text/plain, and no browser asks before it does.',
    section: 'RFC 10017 §6.1.3.3, Fetch (CORS-safelisted request headers)',
    refuses: (scene) => [
      ...otherTypes.map((type) => scene.accessToken(live, {}, { headers: { 'content-type': type } })),
      scene.accessToken(live, {}, { headers: { 'content-encoding': 'gzip' } }),
      scene.authorization({}, plain),
      scene.token(unknownProof(), plain),
      ...(scene.options.level === 1 ? [] : [scene.resource('POST', 'payments', { body: {}, ...plain })]),
    ],
    refusal: 'unsupported_media_type',
    async run(scene) {
      const utf8 = { headers: { 'content-type': 'application/json; charset=utf-8' } }
      await scene.ask(scene.accessToken(live, {}, utf8), 200)
    },
  },
  'body-size': {
    tier: 'hardening',
    sent: '17 KiB with a Content-Length, and in chunks without one',
    why: 'Nobody may fill the memory of the server; a length is a claim.',
    section: 'RFC 10017 §6.1.3.5',
    refuses: (scene) =>
      [false, true].map((chunked) =>
        scene.accessToken(live, { rejected: 'A'.repeat(17 * 1024) }, { chunked }),
      ),
    refusal: 'payload_too_large',
  },
  'body-form': {
    sent: 'no JSON, no object, invalid UTF-8, nothing at all, deep nesting',
    why: 'What cannot be understood is refused before anything is done.',
    section: 'RFC 8259 §9',
    refuses: (scene) => malformedBodies.map((body) => scene.accessToken(live, body)),
    refusal: 'invalid_request',
  },
  'body-members': {
    tier: 'hardening',
    sent: 'members that only the server may decide: client_id, user_email, sub, token_endpoint',
    why: "Who a person is, and for whom the backend speaks, comes from the app's own session and configuration.",
    section: 'RFC 9396 §12, confused deputy',
    refuses: (scene) => [
      scene.authorization({ client_id: 'another' }),
      scene.authorization({ user_email: 'a@evil.example' }),
      scene.authorization({ token_endpoint: 'https://evil.example' }),
      scene.authorization({ input: { sub: 'another' } }),
      scene.token({ ...unknownProof(), sub: 'another' }),
      scene.accessToken(live, { scope: 'admin' }),
    ],
    refusal: 'invalid_request',
  },
  'body-prototype': {
    tier: 'hardening',
    sent: '__proto__, constructor and prototype as members, at the top and inside input',
    why: 'In JavaScript such a name can change every object of a careless program.',
    section: 'CWE-1321',
    refuses: (scene) => {
      const polluted = '{"__proto__":{"polluted":true}}'
      const inside = JSON.stringify({ ...scene.attempt().body, input: {} }).replace('{}', polluted)
      const [method, path] = scene.authorization()
      return [
        ...['__proto__', 'constructor', 'prototype'].map((name) =>
          scene.accessToken(live, polluted.replace('__proto__', name)),
        ),
        [method, path, { body: inside }],
      ]
    },
    refusal: 'invalid_request',
  },
  parameters: {
    sent: 'states, challenges, verifiers and hashes of wrong length, alphabet and type',
    why: 'What is not random enough protects nothing; what is not a string reaches code that expects one.',
    section: 'RFC 7636 §4.1, §4.2',
    refuses: (scene) => [
      scene.authorization({ state: 'short' }),
      scene.authorization({ code_challenge: 'a'.repeat(42) }),
      scene.authorization({ state: [createState()] }),
      ...['a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(42)}+`].map((verifier) =>
        scene.token({ ...unknownProof(), code_verifier: verifier }),
      ),
      ...[undefined, { $ne: '' }].map((code) => scene.token({ ...unknownProof(), code })),
      ...['short', 1, null, [createState()]].map((rejected) => scene.accessToken(live, { rejected })),
    ],
    refusal: 'invalid_request',
  },
  'redirect-uri': {
    sent: 'redirect URIs that are not registered, or only begin like one that is',
    why: 'A code that goes to another address is lost to an attacker.',
    section: 'RFC 9700 §4.1.3',
    refuses: (scene) => {
      const own = scene.attempt().body.redirect_uri
      const others = ['https://evil.example/callback', `${own}/x`, `${own}?x=1`, undefined]
      return others.map((uri) => scene.authorization({ redirect_uri: uri }))
    },
    refusal: 'invalid_request',
  },
  scope: {
    sent: 'a scope wider than the backend allows, then a narrower one',
    why: 'A page that was taken over must not ask for more than the app does.',
    section: 'RFC 6749 §3.3',
    refuses: (scene) => [scene.authorization({ scope: `${providerScope} admin` })],
    refusal: 'invalid_request',
    async run(scene) {
      const narrow = await scene.ask(scene.authorization({ scope: 'accounts' }), 201)
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
    refuses: (scene) =>
      ['nobody', '__proto__', 'constructor', 'https:%2f%2fevil.example'].map((name): Request => [
        'POST',
        `/${name}/authorization`,
        { body: scene.attempt().body },
      ]),
    refusal: ['unknown_provider', 'not_found'],
  },
  'connection-unknown': {
    sent: 'ids of connections that there are not',
    why: 'Ids cannot be guessed, and a wrong one says nothing about the right ones.',
    section: 'RFC 10017 §6.2.4.2',
    refuses: (scene) =>
      [unknownId(16), '__proto__', 'constructor', '%2e%2e'].flatMap((id): Request[] => [
        scene.accessToken(id),
        ['DELETE', `/connections/${id}`],
      ]),
    refusal: ['unknown_connection', 'not_found'],
  },
  'path-unknown': {
    tier: 'hardening',
    sent: 'paths that the contract does not have: other case, a slash more, /sign, /assertion, /refresh',
    why: 'No endpoint hands out a signature or an assertion, and none exists beside those of the contract.',
    section: 'RFC 10017 §6.2.3.1',
    refuses: ({ options }) =>
      unknownPaths(nameOf(options, 'mediated')).flatMap((path): Request[] => [
        ['POST', path, { body: {} }],
        ['GET', path],
      ]),
    refusal: 'not_found',
  },
  method: {
    tier: 'hardening',
    sent: 'methods that an endpoint does not have, HEAD and TRACE',
    why: 'A GET can be caused by a link; TRACE repeats cookies.',
    section: 'RFC 9110 §9, §15.5.6',
    async run(scene) {
      const id = await scene.live()
      const name = nameOf(scene.options, 'mediated')
      const calls = [
        [['GET', `/${name}/authorization`], 'POST'],
        [['GET', `/${name}/token`], 'POST'],
        [['PUT', '/connections', { body: {} }], 'GET'],
        [['GET', `/connections/${id}/access-token`], 'POST'],
        [['GET', `/connections/${id}`], 'DELETE'],
      ] as const
      await scene.unseen(async () => {
        for (const [request, allowed] of calls) {
          const answer = await scene.ask(request, 'method_not_allowed')
          const allow = answer.headers.get('allow')?.split(/\s*,\s*/) ?? []
          const isRight = allow.includes(allowed) && !allow.includes(request[0])
          expect(isRight, `${requestOf(answer)}: Allow is wrong or missing`)
        }
        await scene.ask(['HEAD', '/connections'], 405)
      })
      const { status } = await scene.ask(['TRACE', '/connections'])
      expect(status >= 400, 'TRACE was answered')
    },
  },
  'method-override': {
    sent: 'DELETE disguised as POST and GET: X-HTTP-Method-Override, _method',
    why: 'What a request does is said by its method, which browsers guard.',
    section: 'RFC 9110 §9.1',
    refuses: () => [
      ['POST', `/connections/${live}`, { body: { _method: 'DELETE' }, headers: overrides }],
      ['POST', `/connections/${live}?_method=DELETE`, { body: {} }],
      ['GET', `/connections/${live}?_method=DELETE`, { headers: overrides }],
    ],
    refusal: 'method_not_allowed',
    async run(scene) {
      expect((await scene.listed(await scene.live())).length === 1, 'the connection is gone')
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
