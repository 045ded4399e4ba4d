import { createClient, singleUser } from 'countersign/core'
import { oidc, type OidcOptions } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { createScene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { until } from '../../support/until.js'
import type { PageOptions } from '../../support/browser.js'

const network = openNetwork()
const issuer = 'https://as.example'

/** A page whose provider has these options; gives what the click comes to. */
async function click(
  options: Partial<OidcOptions> = {},
  metadata: Record<string, unknown> = {},
  page: PageOptions = {},
) {
  const { browser, server } = createScene(network)
  server.hostile.metadata = (document) => ({ ...document, ...metadata })
  const { platform, left } = browser.open('/', page)
  const bank = oidc({ issuer, clientId: 'client-1', scope: 'openid accounts offline_access', ...options })
  const client = createClient({ subject: singleUser, providers: { bank }, platform })
  const { authorize, get } = client.authorization('bank')
  authorize()
  await expect.poll(() => left.length > 0 || get().status === 'failed').toBe(true)
  return { left: left.map((url) => new URL(url).searchParams), state: get(), server }
}

/** A browser that lets a page read some answers only. */
const withoutCors =
  (blocked: RegExp, there = true): typeof fetch =>
  (input, init) => {
    const url = input as string
    if (!blocked.test(url)) return fetch(input, init)
    return there && init?.mode === 'no-cors'
      ? Promise.resolve(new Response())
      : Promise.reject(new TypeError('Failed to fetch'))
  }

describe('a server that is not made for pages', () => {
  test('is named when it lets no page read its metadata, with the way out', async () => {
    const { state } = await click({}, {}, { fetch: withoutCors(/well-known/) })
    expect(state).toMatchObject({
      status: 'failed',
      error: {
        code: 'network_error',
        recovery: 'configure',
        message: expect.stringMatching(/its metadata \(CORS\).*`mode: 'mediated'`/) as string,
      },
    })
  })

  test('is told from one that is not there', async () => {
    const { state } = await click({}, {}, { fetch: withoutCors(/well-known/, false) })
    expect(state).toMatchObject({ error: { code: 'network_error', recovery: 'resume' } })
  })

  test('is told from a device that is offline, and then not looked for', async () => {
    const asked: string[] = []
    const offline = (url: unknown) => {
      asked.push(String(url))
      return Promise.reject(new TypeError('Failed to fetch'))
    }
    const { state } = await click({}, {}, { offline: true, fetch: offline })
    expect(state).toMatchObject({
      error: { recovery: 'resume', message: expect.stringContaining('the device is offline') as string },
    })
    expect(asked).toHaveLength(1)
  })

  test('is not taken for one when only the connection broke', async () => {
    let broken = true
    const { left } = await click(
      {},
      {},
      {
        fetch: (input, init) => {
          if (!broken) return fetch(input, init)
          if (init?.mode === 'no-cors') broken = false
          return init?.mode === 'no-cors'
            ? Promise.resolve(new Response())
            : Promise.reject(new TypeError('Failed to fetch'))
        },
      },
    )
    expect(left).toHaveLength(1)
  })

  test('is named as a cause when no token response can be read, and the code is kept for one more try', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const { client } = scene.open(url, { fetch: withoutCors(/[/]token$/) })
    expect(await until(client.callback, 'failed')).toMatchObject({
      error: {
        recovery: 'resume',
        message: expect.stringMatching(/its token endpoint could be read.*CORS/) as string,
      },
      resume: expect.any(Function) as () => unknown,
    })
  })

  test.each([
    [['client_secret_basic'], /does not list "none"/],
    [['none', 'client_secret_basic'], /has to authenticate, which no page can\. Register/],
    [undefined, /has to authenticate, which no page can\. Register/],
  ])('is named when it wants the client to authenticate, listing %j', async (methods, words) => {
    const scene = createScene(network)
    scene.server.hostile.metadata = (document) => ({
      ...document,
      token_endpoint_auth_methods_supported: methods,
    })
    const url = await scene.consent()
    scene.server.hostile.token = () => HttpResponse.json({ error: 'invalid_client' }, { status: 401 })
    const { client } = scene.open(url)
    const state = await until(client.callback, 'failed')
    expect(state).toMatchObject({
      error: { code: 'token_error', error: 'invalid_client', status: 401, recovery: 'configure' },
    })
    expect(state.error.message).toMatch(words)
  })
})

describe('what the server does not offer is told before anybody leaves', () => {
  test.each([
    ['par', { par: true }, {}],
    ['dpop', { dpop: true }, {}],
    ['dpop', { dpop: true }, { dpop_signing_alg_values_supported: ['RS256'] }],
  ])('%s', async (option, options, metadata) => {
    const { left, state } = await click(options, metadata)
    expect(left).toEqual([])
    expect(state).toMatchObject({
      error: {
        code: 'metadata_invalid',
        recovery: 'configure',
        message: expect.stringContaining(`leave \`${option}\` out`) as string,
      },
    })
  })
})

describe('a request for offline_access', () => {
  test('asks for consent, without which a strict server gives no refresh token', async () => {
    const { left } = await click()
    expect(left[0]?.get('prompt')).toBe('consent')
  })

  test.each([['login'], ['']])('has the prompt %j of the app instead', async (prompt) => {
    const { left } = await click({ parameters: { prompt } })
    expect(left[0]?.getAll('prompt')).toEqual([prompt])
  })

  test.each(['openid accounts', 'accounts offline_access'])('is not what %j is', async (scope) => {
    const { left } = await click({ scope })
    expect(left[0]?.has('prompt')).toBe(false)
  })
})

describe('a granted scope', () => {
  test('that does not name openid and offline_access misses neither when both were given', async () => {
    const scene = createScene(network)
    scene.server.hostile.tokens = (body) => ({ ...body, scope: 'accounts' })
    const { client } = scene.open(await scene.consent())
    expect(await until(client.callback, 'connected')).toMatchObject({ connection: { missingScope: [] } })
  })

  test('misses offline_access where no refresh token came', async () => {
    const scene = createScene(network)
    scene.server.hostile.tokens = ({ refresh_token: _, ...body }) => ({ ...body, scope: 'accounts' })
    const { client } = scene.open(await scene.consent())
    expect(await until(client.callback, 'connected')).toMatchObject({
      connection: { missingScope: ['offline_access'] },
    })
  })
})
