import { createClient, singleUser, type CommonInput } from 'countersign/core'
import { defineProvider, direct, oidc, type OidcOptions } from 'countersign/providers'
import { describe, expect, test } from 'vitest'
import { metadataKey } from '../../../src/core/records/keys.js'
import { createScene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome, refusal } from '../../support/outcome.js'

const network = openNetwork()

/** Connects at a provider with these options, and gives the page that the person comes back to. */
async function comeBack(options: Partial<OidcOptions>, claims: Record<string, unknown> = {}) {
  const scene = createScene(network)
  scene.server.hostile.claims = (good) => ({ ...good, ...claims })
  const bank = oidc({
    issuer: scene.server.issuer,
    clientId: 'client-1',
    scope: 'openid accounts',
    ...options,
  })
  const open = (address: string) => {
    const page = scene.browser.open(address)
    const { platform } = page
    return { page, client: createClient({ subject: singleUser, providers: { bank }, platform }) }
  }
  const { page, client } = open('/')
  const url = page.leaving()
  void client.authorization('bank').authorizeAsync()
  return open(scene.server.visit(await url))
}

describe('a parameter that asks for a check', () => {
  const now = Math.floor(Date.now() / 1000)

  test.each([
    ['max_age', { max_age: '600' }, { auth_time: undefined }, 'auth_time'],
    ['max_age', { max_age: '600' }, { auth_time: now - 4000 }, 'auth_time'],
    ['acr_values', { acr_values: 'phr phrh' }, { acr: 'pwd' }, 'acr'],
  ])('(%s) is refused where the ID Token does not confirm it', async (_name, parameters, claims, claim) => {
    expect(await refusal(await comeBack({ parameters }, claims))).toEqual({
      code: 'id_token_invalid',
      parameter: claim,
    })
  })

  test('is met where the ID Token confirms it', async () => {
    const parameters = { max_age: '600', acr_values: 'phr phrh' }
    expect(await outcome(await comeBack({ parameters }, { auth_time: now, acr: 'phr' }))).toMatchObject({
      status: 'connected',
    })
  })

  test.each([
    'request_uri',
    'response_mode',
    'nonce',
    'authorization_details',
    'client_secret',
    'claims',
    'id_token_hint',
  ])('or is set by the library (%s) is a mistake, pushed or not', (name) => {
    for (const par of [true, false])
      expect(() => direct({ par, parameters: { [name]: 'x' } })).toThrow(TypeError)
  })

  test.each([{ max_age: '600' }, { acr_values: 'phr' }])(
    'is refused before anybody is sent away where the scope asks for no ID Token: %j',
    async (parameters) => {
      const { browser, server } = createScene(network)
      const channel = direct({ parameters })
      const { issuer } = server
      const bank = defineProvider({ label: 'Bank', clientId: 'client-1', issuer, scope: 'accounts', channel })
      const { platform } = browser.open('/')
      const client = createClient({ subject: singleUser, providers: { bank }, platform })
      await expect(client.authorization('bank').authorizeAsync()).rejects.toThrow(
        new TypeError(
          `The authorization request cannot be made: the parameter "${String(Object.keys(parameters)[0])}" needs "openid" in \`scope\`, because only an ID Token can confirm it: add "openid", or leave "${String(Object.keys(parameters)[0])}" out.`,
        ),
      )
    },
  )
})

describe('an ID Token that may be absent, of a server whose metadata names no keys', () => {
  const connect = (input: CommonInput = {}, hasKeys = false, others: Record<string, unknown> = {}) => {
    const scene = createScene(network)
    const { issuer, hostile } = scene.server
    const takeKeys = () => {
      hostile.metadata = ({ jwks_uri: _, ...metadata }) => metadata
    }
    if (!hasKeys) takeKeys()
    const channel = direct({ idToken: 'optional', ...others })
    const bank = defineProvider({
      label: 'Bank',
      clientId: 'client-1',
      issuer,
      scope: 'openid accounts',
      channel,
    })
    const open = (address: string) => {
      const page = scene.browser.open(address)
      const { platform } = page
      return { page, client: createClient({ subject: singleUser, providers: { bank }, platform }) }
    }
    const begin = async (more: CommonInput = input) => {
      const { page, client } = open('/')
      const url = page.leaving()
      const stayed = client.authorization('bank').authorizeAsync(more)
      return Promise.race([stayed, url.then((address) => open(scene.server.visit(address)))])
    }
    return { scene, takeKeys, begin }
  }

  test('ends what it came for, once and for all: its code is spent', async () => {
    const { scene, begin } = connect()
    const state = await outcome((await begin()) as Parameters<typeof outcome>[0])
    expect(state).toMatchObject({
      status: 'failed',
      error: { code: 'id_token_invalid', parameter: 'jwks_uri', recovery: 'authorize' },
    })
    expect(state).not.toHaveProperty('resume')
    expect(scene.server.requests.token).toHaveLength(1)
  })

  test('is not missed where none comes', async () => {
    const { scene, begin } = connect()
    scene.server.hostile.tokens = ({ id_token: _, ...body }) => body
    expect(await outcome((await begin()) as Parameters<typeof outcome>[0])).toMatchObject({
      status: 'connected',
    })
  })

  test('must come where a parameter asks for it, so nobody is sent away', async () => {
    const { begin } = connect({}, false, { parameters: { max_age: '600' } })
    expect(await begin()).toMatchObject({
      status: 'failed',
      error: { code: 'metadata_invalid', parameter: 'jwks_uri' },
    })
  })

  test('must come where a known person renews, so nobody is sent away', async () => {
    const { scene, begin, takeKeys } = connect({}, true)
    const connected = await outcome((await begin()) as Parameters<typeof outcome>[0])
    if (connected.status !== 'connected') throw new Error('not connected')
    takeKeys()
    await scene.browser.tamper(metadataKey('bank'), undefined)
    expect(await begin({ connection: connected.connection.id })).toMatchObject({
      status: 'failed',
      error: { code: 'metadata_invalid', parameter: 'jwks_uri' },
    })
  })
})
