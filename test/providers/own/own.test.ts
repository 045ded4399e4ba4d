import { readFileSync } from 'node:fs'
import { createClient, singleUser, type Provider } from 'countersign/core'
import { defineBackendProvider, oauthClient } from 'countersign/backend'
import { backend, defineProvider, direct } from 'countersign/providers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStandard } from '../../../demo/banks/standard.js'
import { examplebank as examplebankBackend } from '../../../examples/own-provider/backend.js'
import { examplebank } from '../../../examples/own-provider/page.js'
import { callbackOf, createScene } from '../scene.js'

const redirectUri = callbackOf('bank')
const clientSecret = crypto.randomUUID()

let bank: Awaited<ReturnType<typeof startStandard>>
beforeAll(async () => {
  bank = await startStandard({ redirectUris: [redirectUri], clientSecret, dpop: false, par: false })
})
afterAll(() => bank.close())

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

describe('the provider of the document', () => {
  const open = () =>
    createScene({
      name: 'bank',
      bank,
      // The scene gives inputs of any kind.
      provider: examplebank({ clientId: bank.clientId, issuer: bank.issuer }) as unknown as Provider,
      backend: examplebankBackend({
        clientId: bank.clientId,
        clientSecret,
        issuer: bank.issuer,
        redirectUri,
      }),
    })

  test('is what the tests run, in 40 lines of code for both sides', () => {
    const document = read('docs/providers/your-own.md')
    const files = ['page.ts', 'backend.ts'].map((name) => read(`examples/own-provider/${name}`))
    for (const file of files) expect(document).toContain(`\`\`\`ts\n${file}\`\`\``)
    const code = files
      .join('')
      .split('\n')
      .filter((line) => !/^(?:import .*|\/\*\*.*|\s*)$/.test(line))
    expect(code.length).toBeLessThanOrEqual(40)
  })

  test('sends the person to the branch that the page has chosen', async () => {
    const { searchParams } = await open().leave({ branch: 'north' } as object)
    expect(searchParams.get('branch')).toBe('north')
  })

  test('connects at a real authorization server, refreshes, and revokes', async () => {
    bank.control.next({ tokenResponse: { customer: 'C-17' } })
    const { connection, tokens } = await open().connect({ branch: 'north' } as object)
    expect(connection).toMatchObject({ details: { customer: 'C-17' }, missingScope: [] })
    expect((await tokens.fetch('accounts')).status).toBe(200)
    await bank.control.act('expireAccessTokens')
    expect((await tokens.fetch('accounts')).status).toBe(200)
    expect(await tokens.disconnect()).toEqual({ revoked: true })
  })

  test('refuses a branch in another form than the backend takes', async () => {
    await expect(open().leave({ branch: '<script>' } as object)).rejects.toMatchObject({
      code: 'backend_refused',
      error: 'invalid_request',
    })
  })
})

describe('defineProvider', () => {
  const good = {
    label: 'Example Bank',
    clientId: 'c',
    scope: 'openid',
    issuer: 'https://as.example',
    channel: direct(),
  }

  test('gives a provider that createClient takes', () => {
    expect(defineProvider(good)).toBe(good)
    expect(() =>
      createClient({ subject: singleUser, providers: { bank: defineProvider(good) } }),
    ).not.toThrow()
  })

  test.each([
    ['a missing label', { ...good, label: undefined }, /`label` is missing/],
    ['an unknown member', { ...good, toDetail: () => ({}) }, /Did you mean "toDetails"/],
    ['a secret', { ...good, clientSecret: 'hunter2' }, /must not be in a page/],
    ['no issuer in browser mode', { ...good, issuer: undefined }, /give `issuer`/],
    ['no endpoint with a backend', { ...good, channel: backend('bff') }, /give `authorizationEndpoint`/],
  ])('throws for %s', (_name, provider, words) => {
    expect(() => defineProvider(provider as unknown as typeof good)).toThrow(words)
  })
})

describe('defineBackendProvider', () => {
  const client = oauthClient({ issuer: 'https://as.example', clientId: 'c', authentication: 'none' })
  const good = { label: 'Example Bank', mode: 'bff', redirectUri, scope: 'openid', client } as const

  test.each([
    ['a missing client', { ...good, client: undefined }, /`client` is missing/],
    ['an unknown member', { ...good, toGrants: () => ({}) }, /Did you mean "toGrant"/],
    ['the mode of a page', { ...good, mode: 'browser' }, /`mode` must be "mediated" or "bff"/],
  ])('throws for %s', (_name, definition, words) => {
    expect(() => defineBackendProvider(definition as unknown as typeof good)).toThrow(words)
  })

  test.each([
    ['no way to authenticate', {}, /give `clientSecret`, or `privateKey` and `keyId`/],
    ['a secret of the environment that is not set', { clientSecret: undefined }, /environment variable/],
    ['a key without its name', { privateKey: 'PEM' }, /`privateKey` needs its `keyId`/],
    [
      'a discovery document for the issuer',
      { issuer: 'https://a.example/.well-known/x' },
      /discovery document/,
    ],
    [
      'a name below localhost, which DNS may send anywhere',
      { issuer: 'http://a.localhost', authentication: 'none' },
      /`issuer`/,
    ],
  ])('has no client with %s', (_name, options, words) => {
    const settings = { issuer: 'https://as.example', clientId: 'c', ...options }
    expect(() => oauthClient(settings as Parameters<typeof oauthClient>[0])).toThrow(words)
  })
})
