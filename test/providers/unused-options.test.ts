// Whoever gives an option relies on it: one that does nothing in a mode, or beside another option, is refused.
import * as backendEntry from 'countersign/backend'
import { createBackend, memoryStore, oauthClient, type BackendProvider } from 'countersign/backend'
import { createClient, singleUser } from 'countersign/core'
import * as presets from 'countersign/providers'
import { backend, defineProvider, direct } from 'countersign/providers'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createBrowser } from '../support/browser.js'

const clientId = '06914d28-f034-4d52-b048-e11024957c11'
const redirectUri = 'https://app.example/callback/bank'
const issuer = 'https://as.example'
const api = 'https://api.example/'
const endpoint = 'https://as.example/authorize'
const clientSecret = randomBytes(64).toString('base64')
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})

type Make = (options: object) => unknown
type Options = Readonly<Record<string, unknown>>

/** Calls a preset with options of any kind. */
const make = (entry: object, name: string, options: Options): unknown =>
  ((entry as Readonly<Record<string, Make>>)[name] as Make)(options)

/** Options with which each preset of a page works in every mode that it has. */
const ofPages: Readonly<Record<string, Options>> = {
  oidc: { clientId, issuer, scope: 'openid', authorizationEndpoint: endpoint },
  apiture: { clientId, scope: 'openid' },
}

const ofTheBrowser: Options = {
  dpop: true,
  par: true,
  persistTokens: true,
  refresh: false,
  origins: [issuer],
  parameters: { resource: api },
  idTokenAlgorithms: ['ES256'],
}
const { par: _par, parameters: _parameters, idTokenAlgorithms: _algorithms, ...ofApiture } = ofTheBrowser

const unusedInPages = [
  ...(['mediated', 'bff'] as const).flatMap((mode) => [
    ...Object.entries(ofTheBrowser).map((option) => ['oidc', mode, ...option] as const),
    ...Object.entries({ ...ofApiture, idToken: 'required' }).map((o) => ['apiture', mode, ...o] as const),
  ]),
  ...['oidc', 'apiture'].flatMap((name) =>
    ['browser', 'bff'].map((mode) => [name, mode, 'userinfoEndpoint', `${issuer}/userinfo`] as const),
  ),
]

describe('in a page', () => {
  test.each(unusedInPages)('%s in %s mode refuses `%s`', (name, mode, option, value) => {
    const options = { ...ofPages[name], mode }
    expect(() => make(presets, name, options)).not.toThrow()
    expect(() => make(presets, name, { ...options, [option]: value })).toThrow(
      `${name}: \`${option}\` has no effect in "${mode}" mode: leave it out`,
    )
    // What a variable leaves open is not given.
    expect(() => make(presets, name, { ...options, [option]: undefined })).not.toThrow()
  })

  test.each(['oidc', 'apiture'])('%s in bff mode may keep `api`, which another mode uses', (name) => {
    expect(() => make(presets, name, { ...ofPages[name], mode: 'bff', api })).not.toThrow()
  })

  test('what is so without the option may be said', () => {
    const asItIs = { dpop: false, par: false, persistTokens: false, refresh: true }
    expect(() => make(presets, 'oidc', { ...ofPages['oidc'], mode: 'bff', ...asItIs })).not.toThrow()
  })

  const own = { label: 'Own', clientId, issuer, scope: 'openid', authorizationEndpoint: endpoint }

  test.each([
    ['browser', 'toInput', () => ({})],
    ['browser', 'toInstitutionInput', () => ({})],
    ['browser', 'userinfoEndpoint', `${issuer}/userinfo`],
    ['bff', 'userinfo', true],
    ['bff', 'userinfoEndpoint', `${issuer}/userinfo`],
  ] as const)('a provider of one’s own in %s mode refuses `%s`', (mode, member, value) => {
    const channel = mode === 'browser' ? direct() : backend(mode)
    expect(() => defineProvider({ ...own, channel })).not.toThrow()
    expect(() => defineProvider({ ...own, channel, [member]: value })).toThrow(
      `defineProvider: \`${member}\` has no effect in "${mode}" mode`,
    )
  })

  test('createClient refuses a backend that no provider uses', () => {
    const provider = presets.oidc({ clientId, issuer, scope: 'openid' })
    const mediated = presets.stitch({ clientId, scope: 'openid' })
    const { platform } = createBrowser().open()
    const open = (providers: object): unknown =>
      createClient({ subject: singleUser, backend: '/connect', providers: providers as never, platform })
    expect(() => open({ provider })).toThrow('`backend` has no effect in "browser" mode')
    expect(() => open({ provider, mediated })).not.toThrow(/has no effect/)
  })
})

/** Options with which each preset of the backend works. */
const ofBackends: Readonly<Record<string, Options>> = {
  oidc: { clientId, redirectUri, issuer, clientSecret, scope: 'openid' },
  apiture: { clientId, redirectUri, scope: 'openid' },
  basis: { clientId, clientSecret, redirectUri, environment: 'development', tokenEndpoint: endpoint },
  stitch: { clientId, redirectUri, clientSecret, scope: 'openid', idToken: 'unchecked' },
  moneyhub: { clientId, redirectUri, clientSecret },
  defineBackendProvider: {
    ...{ label: 'Own', mode: 'bff', redirectUri, scope: 'openid' },
    client: oauthClient({ clientId, issuer, clientSecret }),
  },
}

const once = { useCase: 'one-time', mode: 'mediated' }
const routes = [{ method: 'GET', path: '/accounts' }]
const nothing = (): Promise<never> => Promise.reject(new Error('unused'))
const signs = { privateKey, keyId: 'k', delivery: 'signed-par' }

describe('at a backend', () => {
  test.each([
    ['oidc', 'api', api, {}],
    ['oidc', 'routes', routes, {}],
    ['apiture', 'api', api, {}],
    ['apiture', 'routes', routes, {}],
    ['basis', 'routes', routes, {}],
    ['moneyhub', 'routes', routes, once],
    ['moneyhub', 'sendsClientId', true, { ...signs, delivery: 'request-object' }],
    ['moneyhub', 'assertionAudience', issuer, signs],
    ['stitch', 'jwksUri', `${issuer}/jwks`, {}],
    ['stitch', 'details', ['idp'], {}],
    ['defineBackendProvider', 'toParameters', () => ({}), { authorize: nothing }],
    ['defineBackendProvider', 'toGrant', nothing, { redeem: nothing }],
    ['defineBackendProvider', 'toRefreshedGrant', nothing, { refresh: nothing }],
    ['defineBackendProvider', 'resourceToken', nothing, {}],
    ['defineBackendProvider', 'presentToken', nothing, {}],
    ['defineBackendProvider', 'hasEnded', nothing, {}],
  ])('%s refuses `%s` where it does nothing', (name, option, value, beside) => {
    const options = { ...ofBackends[name], ...beside }
    expect(() => make(backendEntry, name, options)).not.toThrow()
    expect(() => make(backendEntry, name, { ...options, [option]: value })).toThrow(TypeError)
    expect(() => make(backendEntry, name, { ...options, [option]: value })).toThrow(
      new RegExp(`\`${option}\`.*leave (?:it|\`?\\w+\`?|one of the two) out`),
    )
  })

  test('createBackend refuses `unsealed` beside `keys`', () => {
    const options = {
      ...{ origins: ['https://app.example'], store: memoryStore(), session: () => null },
      providers: { bank: make(backendEntry, 'oidc', ofBackends['oidc'] as Options) as BackendProvider },
    }
    const keys = [randomBytes(32).toString('base64url')]
    expect(() => createBackend({ ...options, keys, unsealed: true })).toThrow(/`unsealed`.*leave one/)
    expect(() => createBackend({ ...options, unsealed: true })).not.toThrow()
    expect(() => createBackend({ ...options, keys, unsealed: false })).not.toThrow()
  })

  test('`ready` of a provider of one’s own is beside that of its client, and not in its place', async () => {
    const client = oauthClient({ clientId, issuer, privateKey: 'no key', keyId: 'k' })
    const options = { ...ofBackends['defineBackendProvider'], client, ready: Promise.resolve() }
    const { ready } = make(backendEntry, 'defineBackendProvider', options) as BackendProvider
    await expect(ready).rejects.toThrow(/private key/)
  })
})
