// What a wrong call of JavaScript gets: every function that the two entries export, given what it cannot work with.
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import * as backendEntry from 'countersign/backend'
import * as nodeEntry from 'countersign/backend/node'
import { expect, test } from 'vitest'

type Callable = (...parameters: unknown[]) => unknown

const exported: Readonly<Record<string, unknown>> = { ...backendEntry, ...nodeEntry }
const names = Object.keys(exported)

/** Calls an exported function, a class too, and waits for the keys that it imports. Gives the message of what is thrown. */
async function messageOf(name: string, ...parameters: readonly unknown[]): Promise<string | undefined> {
  const called = exported[name] as Callable & (new (...parameters: unknown[]) => unknown)
  try {
    const made = await (name === 'Refusal' ? new called(...parameters) : called(...parameters))
    await (Object(made) as { readonly ready?: unknown }).ready
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError)
    return (error as TypeError).message
  }
}

/** What V8 and Node say of a mistake that nobody has looked for. */
const unforeseen =
  /Cannot (?:read|destructure|convert|use)|is not (?:a function|iterable|an object|a constructor)|Invalid URL|must be of type|Received/

const clientId = '06914d28-f034-4d52-b048-e11024957c11'
const redirectUri = 'https://app.example/callback/bank'
const issuer = 'https://as.example'
const clientSecret = randomBytes(64).toString('base64')
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

const provider = {
  label: 'Plain',
  mode: 'mediated',
  redirectUris: [redirectUri],
  scope: 'accounts',
  authorize: () => Promise.resolve({ url: 'https://plain.example/authorize' }),
  redeem: () => Promise.resolve({}),
}

const consents = {
  budget: {
    durationType: 'ONE_TIME',
    resources: [{ resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC'] }],
  },
}

const redis = { hmGet: () => [], eval: () => 0, del: () => 0 }

/** Options with which each function works, all that it needs among them. */
/** Stands for one that presents a certificate. */
const mtls: typeof fetch = () => Promise.reject(new TypeError('nobody is there'))

const good: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  apiture: { clientId, redirectUri, scope: 'openid' },
  basis: {
    ...{ clientId, clientSecret, redirectUri, environment: 'development' },
    tokenEndpoint: 'https://as.example/token',
  },
  fdx: { clientId, redirectUri, issuer, scope: 'READ', fetch: mtls, api: issuer, consents },
  moneyhub: { clientId, redirectUri, clientSecret },
  oidc: { clientId, redirectUri, issuer, clientSecret, scope: 'openid' },
  stitch: { clientId, redirectUri, clientSecret, scope: 'openid', idToken: 'unverified' },
  oauthClient: { clientId, issuer, clientSecret },
  defineBackendProvider: {
    ...{ label: 'Plain', mode: 'mediated', redirectUri, scope: 'openid' },
    client: backendEntry.oauthClient({ clientId, issuer, clientSecret }),
  },
  createBackend: {
    origins: ['https://app.example'],
    store: backendEntry.memoryStore(),
    session: () => null,
    providers: { plain: provider },
  },
}

test.each(names)(
  '%s says in a sentence of its own what it needs, given nothing that it can use',
  async (name) => {
    // A path is a file that would be made.
    const text = name === 'sqliteStore' ? '' : 'x'
    for (const given of [[], [undefined], [null], [text], [7], [[]], [{}], [null, null], [() => 0, null]]) {
      const message = await messageOf(name, ...given)
      if (message !== undefined) {
        expect(message).not.toMatch(unforeseen)
        expect(message).toMatch(/needs an? |must be|are an object|is missing or empty|has no option/)
      }
    }
  },
)

test.each(Object.keys(good))('%s works with the options of this file', async (name) => {
  expect(await messageOf(name, good[name])).toBeUndefined()
})

test.each(Object.entries(good).flatMap(([name, options]) => Object.keys(options).map((key) => [name, key])))(
  '%s names `%s` where it is undefined, as a variable of the environment that is not set',
  async (name = '', key = '') => {
    const message = await messageOf(name, { ...good[name], [key]: undefined })
    // The environment fills the other in.
    expect(message).toContain(key === 'environment' ? 'authorizationEndpoint' : key)
    expect(message).not.toMatch(unforeseen)
  },
)

const unusable = [
  null,
  'x y',
  7,
  {},
  [],
  [undefined],
  [null],
  { a: undefined },
  { a: null },
  { a: {} },
  () => 0,
]

/** Every option that the functions have, beside those above. */
const others = [
  ...[
    'api',
    'assertionAudience',
    'authentication',
    'authorizationEndpoint',
    'bankIds',
    'basePath',
    'clientAddress',
  ],
  ...[
    'clientScope',
    'clientUserId',
    'clock',
    'cors',
    'dataScope',
    'delivery',
    'details',
    'extraMembers',
    'fapi',
  ],
  ...['identityService', 'initTokenParam', 'initTokenSeconds', 'input', 'jwksUri', 'keyId', 'keys', 'log'],
  ...[
    'maxAgeSeconds',
    'minimumSecretBytes',
    'par',
    'parameters',
    'platformIds',
    'privateKey',
    'rateLimit',
    'ready',
  ],
  ...[
    'readsExpiry',
    'refreshRepeatable',
    'requiredClaims',
    'resources',
    'revocation',
    'revocationEndpoint',
    'routes',
  ],
  ...['scopeOnUrl', 'toGrant', 'transactionSeconds', 'unsealed', 'useCase'],
]

test.each(Object.keys(good))(
  '%s says so in a sentence of its own where an option cannot be used',
  async (name) => {
    for (const key of [...Object.keys(good[name] ?? {}), ...others]) {
      for (const value of unusable) {
        const message = await messageOf(name, { ...good[name], [key]: value })
        expect(message ?? '', `${name}, ${key}: ${JSON.stringify(value)}`).not.toMatch(unforeseen)
      }
    }
  },
)

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a string', 'oidc'],
  ['a promise of one', Promise.resolve(provider)],
  ['a function that makes one', () => provider],
  ['one without its mode', { ...provider, mode: undefined }],
  ['one without its label', { ...provider, label: undefined }],
  ['one without its scope', { ...provider, scope: undefined }],
  ['one without its redirect URIs', { ...provider, redirectUris: undefined }],
  ['one that cannot redeem', { ...provider, redeem: undefined }],
  ['one whose input has no form', { ...provider, input: { branch: undefined } }],
  ['one whose API has no base', { ...provider, resources: { routes: [] } }],
  ['one whose API has no routes', { ...provider, resources: { base: 'https://api.example/' } }],
  ['one whose route has no path', { ...provider, resources: { base: issuer, routes: [{ method: 'GET' }] } }],
])('a provider that is %s is named', async (_what, plain) => {
  const message = await messageOf('createBackend', { ...good['createBackend'], providers: { plain } })
  expect(message).toMatch(/"plain"/)
  expect(message).not.toMatch(unforeseen)
})

test.each([
  ['memoryStore', 'a clock that is none', [{ now: 7 }], /memoryStore: `now` must be/],
  ['memoryStore', 'an option that it does not have', [{ clock: () => 0 }], /has no option "clock"/],
  ['redisStore', 'half a client', [{ hmGet: () => [] }], /redisStore needs a client/],
  ['redisStore', 'a prefix that is none', [redis, { prefix: 7 }], /redisStore: `prefix` must be/],
  ['memoryRateLimit', 'no limits of a kind', [{ address: null }], /memoryRateLimit: `address` must be/],
  ['memoryRateLimit', 'a limit that is none', [{ subject: { token: 'x' } }], /`subject`: `token` must be/],
  ['memoryRateLimit', 'a kind that it does not count', [{ subjects: {} }], /Did you mean "subject"\?/],
  ['memoryRateLimit', 'a clock that is none', [{}, 7], /memoryRateLimit: the clock/],
  ['toNodeListener', 'a number', [7], /toNodeListener needs a handler/],
  ['toNodeListener', 'a host', [() => 0, { origin: 'app.example' }], /toNodeListener: `origin` must be/],
  ['toNodeListener', 'an address', [() => 0, { origin: 'mailto:a@b.example' }], /`origin` must be/],
  ['mtlsFetch', 'no certificate', [{ cert: undefined, key: 'x' }], /mtlsFetch: `cert` is missing or empty/],
  ['mtlsFetch', 'null for its key', [{ cert: 'x', key: null }], /mtlsFetch: `cert`, `key` and `ca` are PEM/],
  ['mtlsFetch', 'an authority that is none', [{ cert: 'x', key: 'x', ca: 7 }], /`ca` are PEM/],
  ['Refusal', 'a code that does not exist', ['nonsense'], /Refusal needs an error code/],
  ['fdx', 'no template', [{ ...good['fdx'], consents: { a: undefined } }], /Consent template "a"/],
  ['fdx', 'no reason', [{ ...good['fdx'], revocation: {} }], /fdx: `revocation`: `reason` is missing/],
  ['fdx', 'routes that are no list', [{ ...good['fdx'], routes: {} }], /fdx: `routes` is a list/],
  [
    'oauthClient',
    'null',
    [{ ...good['oauthClient'], parameters: null }],
    /oauthClient: `parameters` must be/,
  ],
  [
    'defineBackendProvider',
    'a client of its own',
    [{ ...good['defineBackendProvider'], client: {} }],
    /`client`/,
  ],
])('%s, given %s, names what to change', async (name, _what, given, sentence) => {
  expect(await messageOf(name, ...given)).toMatch(sentence)
})

test.each(
  Object.entries(good).flatMap(([name, options]) =>
    ['clientId', 'scope'].filter((key) => key in options).map((key) => [name, key] as const),
  ),
)('%s refuses a `%s` that no authorization server would know', async (name, key) => {
  for (const value of [' ', 'openid accounts\n', 'caf\u00e9'])
    expect(await messageOf(name, { ...good[name], [key]: value })).toBe(
      `${name}: \`${key}\` must be of the type string (RFC 6749).`,
    )
})

test.each([
  ['moneyhub', 'dataScope'],
  ['fdx', 'clientScope'],
])('%s refuses a `%s` that is no scope', async (name, key) => {
  for (const value of [' ', '', 'accounts\n'])
    expect(await messageOf(name, { ...good[name], [key]: value })).toContain(`\`${key}\``)
})

test('a secret that is undefined beside a key, as a variable of the environment that is not set, does not hide the key', async () => {
  const options = { ...good['oauthClient'], clientSecret: undefined, privateKey, keyId: 'key' }
  expect(await messageOf('oauthClient', options)).toBeUndefined()
})
