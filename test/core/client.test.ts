import { backend } from '../../src/providers/kit/page/backend.js'
import { createClient, singleUser, type ClientOptions } from 'countersign/core'
import { apiture, basis, defineProvider, direct, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import { describe, expect, test, vi } from 'vitest'
import { createScene, providers } from '../support/app.js'
import { createBrowser } from '../support/browser.js'
import { openNetwork } from '../support/network.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

const { bank, mediated } = providers
const make = (options: object) =>
  createClient({
    platform: createBrowser().open().platform,
    providers: { bank },
    subject: singleUser,
    ...options,
  } as ClientOptions)

describe('createClient throws', () => {
  test.each([
    ['a client secret', { clientSecret: 'hunter2' }],
    ['a private key', { privateKey: 'hunter2' }],
    ['a private JWK', { signing: { kty: 'EC', d: 'hunter2' } }],
    ['a certificate', { certificate: 'hunter2' }],
  ])('for %s', (_name, options) => {
    expect(() => make(options)).toThrow(TypeError)
    expect(() => make(options)).toThrow(/must not be in a page/)
    expect(() => make(options)).not.toThrow(/hunter2/)
  })

  test('for a secret in a provider', () => {
    expect(() => make({ providers: { bank: { ...bank, clientSecret: 'hunter2' } } })).toThrow(
      /"clientSecret" must not be in a page/,
    )
  })

  test.each(['mediated', 'bff'] as const)('for a provider in %s mode without a backend', (mode) => {
    expect(() => make({ providers: { bank: { ...mediated, channel: backend(mode) } } })).toThrow(
      `Provider "bank" is in ${mode} mode: give createClient the \`backend\` option.`,
    )
  })

  test.each([
    ['on another origin', 'https://evil.example/callback'],
    ['over http', 'http://app.example/callback'],
    ['with a fragment', 'https://app.example/callback#x'],
    ['that is none', 'callback'],
    ['that is a script', 'javascript:alert(1)'],
  ])('for a redirect URI %s', (_name, uri) => {
    expect(() => make({ redirectUri: () => uri })).toThrow(
      'Provider "bank" needs a redirect URI on this origin, without fragment.',
    )
  })

  test('for a redirect URI that two providers share', () => {
    expect(() =>
      make({ providers: { bank, second: bank }, redirectUri: () => 'https://app.example/callback' }),
    ).toThrow('Provider "second" shares its redirect URI with another: give each its own.')
  })

  test.each(['/callback/', '/callback.html', '/callback/index.html', '/callback?p=b'])(
    'for a redirect URI that is another provider’s, too, but for what hosts add: %s',
    (path) => {
      const redirectUri = (name: string) => `https://app.example${name === 'bank' ? '/callback' : path}`
      expect(() => make({ providers: { bank, second: bank }, redirectUri })).toThrow(
        'Provider "second" shares its redirect URI with another: give each its own.',
      )
    },
  )

  test.each(['a/b', '../bank', 'a b', 'é', '', 'a?b', 'a.b'])('for a provider called %j', (name) => {
    expect(() => make({ providers: { [name]: bank } })).toThrow(TypeError)
  })
})

describe('a client is not made', () => {
  test.each([
    ['without options', undefined, 'createClient needs an object of options.'],
    ['without providers', {}, 'createClient: `providers` is missing or empty.'],
    ['with an option that does not exist', { provider: {} }, 'Did you mean "providers"?'],
    [
      'with a preset that was not called',
      { providers: { bank: oidc } },
      '"bank" in `providers` is no provider.',
    ],
    [
      'with nothing for a provider',
      { providers: { bank: undefined } },
      '"bank" in `providers` is no provider.',
    ],
    [
      'with a base path that ends with a slash',
      { providers: { bank }, basePath: '/app/' },
      '`basePath` begins',
    ],
    [
      'with a base path that is an address',
      { providers: { bank }, basePath: 'https://x' },
      '`basePath` begins',
    ],
  ])('%s', (_name, options, words) => {
    expect(() => createClient(options as unknown as Parameters<typeof createClient>[0])).toThrow(TypeError)
    expect(() => createClient(options as unknown as Parameters<typeof createClient>[0])).toThrow(words)
  })
})

test('the redirect URIs of an app below a path are below it', async () => {
  const scene = createScene(network)
  const page = scene.browser.open('/app/accounts')
  const left = page.leaving()
  const options = { providers: { bank }, basePath: '/app' }
  createClient({ subject: singleUser, ...options, platform: page.platform })
    .authorization('bank')
    .authorize()
  const back = scene.server.visit(await left)
  expect(back).toMatch(/^https:[/][/]app\.example[/]app[/]callback[/]bank[?]/)
  const { platform } = scene.browser.open(back)
  const { callback } = createClient({ subject: singleUser, ...options, platform })
  expect((await until(callback, 'connected')).connection.provider).toBe('bank')
})

describe('what a person would learn at the bank is told when it is made', () => {
  const issuer = 'https://as.example'
  const presets: Readonly<Record<string, (options: object) => unknown>> = {
    apiture: (options) => apiture({ clientId: 'c', scope: 'openid', ...options }),
    basis: (options) => basis({ clientId: 'c', environment: 'development', ...options }),
    fdx: (options) => fdx({ clientId: 'c', issuer, scope: 'READ', ...options }),
    moneyhub: (options) => moneyhub({ clientId: 'c', scope: 'openid', ...options }),
    oidc: (options) => oidc({ clientId: 'c', issuer, scope: 'openid', ...options }),
    stitch: (options) => stitch({ clientId: 'c', scope: 'openid', ...options }),
    defineProvider: (options) =>
      defineProvider({ label: 'Own', clientId: 'c', issuer, scope: 'openid', channel: direct(), ...options }),
  }

  test.each(Object.keys(presets))('a client id of spaces, by %s', (name) => {
    expect(() => presets[name]?.({})).not.toThrow()
    expect(() => presets[name]?.({ clientId: ' ' })).toThrow(`${name}: \`clientId\` must be`)
  })

  test.each(Object.keys(presets).filter((name) => name !== 'basis'))(
    'a scope that is none, by %s',
    (name) => {
      for (const scope of [' ', 'openid,accounts', 'openid\n'])
        expect(() => presets[name]?.({ scope })).toThrow(`${name}: \`scope\` must be`)
    },
  )

  test.each([[], [undefined], [null], ['nonsense'], ['browser'], [{}]])(
    'a channel made by backend(%j)',
    (...mode) => {
      expect(() => backend(...(mode as ['bff']))).toThrow(
        new TypeError('backend: `mode` must be "mediated" or "bff".'),
      )
    },
  )

  test.each([[{}], [null], ['bff'], [undefined]])('a provider whose channel is %j', (channel) => {
    expect(() => make({ providers: { bank: { ...bank, channel } } })).toThrow(
      '"bank" in `providers` is no provider.',
    )
  })

  test.each([[undefined], [null], [7]])('a redirect URI that is %j', (uri) => {
    // `undefined` is what a function without a branch for this provider gives: the default holds.
    const made = () => make({ redirectUri: () => uri as unknown as string })
    if (uri == null) expect(made).not.toThrow()
    else expect(made).toThrow('Provider "bank" needs a redirect URI on this origin')
  })
})

describe('a preset throws', () => {
  test.each([
    [
      'oidc',
      () => oidc({ clientId: undefined, issuer: 'https://as.example', scope: 'openid' } as never),
      /`clientId`/,
    ],
    ['oidc', () => oidc({ clientId: 'c', issuer: undefined, scope: 'openid' } as never), /`issuer`/],
    ['fdx', () => fdx({ clientId: 'c' } as never), /fdx: `issuer` is missing/],
    [
      'apiture',
      () => apiture({ clientId: 'c', scope: 'openid', environment: 'prod' } as never),
      /`environment` must be "production" or "cat"/,
    ],
    ['basis', () => basis({ clientId: 'c', environment: 'production' } as never), /`environment` must be/],
    ['stitch', () => stitch({ clientId: 'c', scope: undefined } as never), /stitch: `scope` is missing/],
    ['moneyhub', () => moneyhub({ clientId: '' }), /moneyhub: `clientId` is missing/],
    [
      'oidc',
      () =>
        oidc({ clientId: 'c', issuer: 'https://as.example', scope: 'openid', persistToken: true } as never),
      /Did you mean "persistTokens"/,
    ],
    [
      'oidc',
      () =>
        oidc({
          clientId: 'c',
          issuer: 'https://as.example',
          scope: 'openid',
          parameters: { client_secret: 'hunter2' },
        }),
      /must not be in a page/,
    ],
    [
      'oidc',
      () =>
        oidc({
          clientId: 'c',
          issuer: 'https://as.example',
          scope: 'openid',
          mode: 'bff',
          authorizationEndpoint: 'https://as.example/a',
          persistTokens: true,
        }),
      /`persistTokens` has no effect in "bff" mode/,
    ],
    ['direct', () => direct({ persistToken: true } as never), /Did you mean "persistTokens"/],
  ])('for an option of %s that cannot be: %#', (_name, create, words) => {
    expect(create).toThrow(TypeError)
    expect(create).toThrow(words)
  })

  test.each([
    ['stitch', () => stitch({ clientId: 'c', scope: 'accounts' })],
    ['apiture', () => apiture({ clientId: 'c', scope: 'banking/read' })],
  ])('when the scope for %s lacks openid', (_name, create) => {
    expect(create).toThrow(/must hold "openid"/)
  })

  test('for a mode that is weaker than the provider can be', () => {
    const options = { clientId: 'c', scope: 'openid', mode: 'browser' } as unknown as Parameters<
      typeof stitch
    >[0]
    expect(() => stitch(options)).toThrow(TypeError)
  })

  test.each([
    ['stitch', (secret: object) => stitch({ clientId: 'c', scope: 'openid', ...secret })],
    ['apiture', (secret: object) => apiture({ clientId: 'c', scope: 'openid', ...secret })],
    [
      'oidc',
      (secret: object) => oidc({ issuer: 'https://as.example', clientId: 'c', scope: 'openid', ...secret }),
    ],
  ])('for a secret in the options of %s', (_name, create) => {
    for (const name of ['clientSecret', 'privateKey', 'clientAssertion', 'certificate'])
      expect(() => create({ [name]: 'hunter2' })).toThrow(/must not be in a page/)
  })

  test('for DPoP where the tokens come from a backend', () => {
    expect(() =>
      oidc({
        issuer: 'https://as.example',
        clientId: 'c',
        scope: 'openid',
        mode: 'mediated',
        authorizationEndpoint: 'https://as.example/authorize',
        dpop: true,
      }),
    ).toThrow(/`dpop` has no effect in "mediated" mode/)
  })
})

describe('a client', () => {
  test('on a server does nothing and touches nothing', async () => {
    expect(typeof window).toBe('undefined')
    for (const name of ['indexedDB', 'BroadcastChannel', 'location', 'history', 'document'])
      vi.stubGlobal(name, undefined)
    const fetched = vi.spyOn(globalThis, 'fetch')
    const client = createClient({ subject: 'anna', providers: { bank, mediated }, backend: '/connect' })
    expect(client.callback.get()).toEqual({ status: 'none' })
    expect(client.connections.get()).toEqual({ status: 'restoring' })
    expect(client.tokens('bank').get()).toEqual({ status: 'restoring' })
    expect(client.authorization('bank').get()).toEqual({ status: 'idle' })
    await settled()
    expect(fetched).not.toHaveBeenCalled()
  })

  test('that was disposed of listens to neither page nor tabs', async () => {
    const stop = vi.fn()
    const { platform } = createBrowser().open()
    vi.spyOn(platform.navigation, 'onShown').mockReturnValue(stop)
    const close = vi.spyOn(platform.tabs, 'close')
    make({ platform }).dispose()
    for (const ending of [stop, close]) expect(ending).toHaveBeenCalledTimes(1)
  })

  test('leaves nobody waiting where a function of the application throws on the way back', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    let calls = 0
    const mistake = new RangeError('a mistake of the application')
    const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve))
    const { client } = scene.open(url, {
      redirectUri: (name) => {
        if (++calls > 5) throw mistake
        return `https://app.example/callback/${name}`
      },
    })
    expect(await unhandled).toBe(mistake)
    expect(client.callback.get()).toEqual({ status: 'none' })
    expect(scene.server.requests.token).toEqual([])
  })

  test('has one state of an authorization for a provider and the connection to be renewed, whatever else is asked', () => {
    const { authorization } = make({})
    const { get, subscribe } = authorization('bank', { scope: 'a', returnTo: '/x' })
    expect(authorization('bank', { returnTo: '/y' })).toMatchObject({ get, subscribe })
    expect(authorization('bank')).toMatchObject({ get, subscribe })
    const renewal = authorization('bank', { connection: 'one', scope: 'a' })
    expect(renewal.get).not.toBe(get)
    expect(authorization('bank', { connection: 'one' }).get).toBe(renewal.get)
    expect(authorization('bank', { connection: 'two' }).get).not.toBe(renewal.get)
  })

  test('gives the same store of tokens for the same connection', () => {
    const { tokens } = make({})
    expect(tokens('bank')).toBe(tokens('bank', {}))
    expect(tokens('bank', { connection: 'a' })).toBe(tokens('bank', { connection: 'a' }))
    expect(tokens('bank', { connection: 'a' })).not.toBe(tokens('bank'))
  })

  test.each(['stranger', '__proto__', 'constructor', 'toString'])('knows no provider called %s', (name) => {
    const client = make({})
    expect(() => client.authorization(name)).toThrow(
      `No provider "${name}" is configured: add it to createClient({ providers }).`,
    )
    expect(() => client.tokens(name)).toThrow(TypeError)
  })
})
