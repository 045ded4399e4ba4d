import { stateOf, transactionKey } from '../../src/core/records/keys.js'
import { HttpResponse } from 'msw'
import { describe, expect, test, vi } from 'vitest'
import { createScene, type App, type Scene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { leaksOf, secret } from '../support/secrets.js'
import { settled, until } from '../support/until.js'

// The fakes note every code, token, verifier and nonce that they see or make; `leaksOf` looks for each of them.
const network = openNetwork()

/** Goes through a whole flow and gives the page it ended on. */
async function flow(scene: Scene, name: 'bank' | 'mediated' | 'bff'): Promise<App> {
  const start = scene.open()
  const url = await scene.leave(start, name, { returnTo: '/accounts' })
  const transactions = await scene.browser.records()
  for (const value of transactions.values()) {
    const { codeVerifier, nonce } = Object(value) as { codeVerifier?: string; nonce?: string }
    if (codeVerifier !== undefined) secret(codeVerifier)
    if (nonce !== undefined) secret(nonce)
  }
  const back = name === 'bank' ? scene.server.visit(url) : scene.backend.visit(url)
  secret(new URL(back).searchParams.get('code') ?? '')
  const app = scene.open(back)
  await until(app.client.callback, 'connected', 'failed', 'denied')
  await settled()
  return app
}

/** All places where a page of the app, another script or an error reporter can look. */
async function places(scene: Scene, { client, events, historyState, url, replacements }: App) {
  return {
    storage: [...(await scene.browser.records())],
    messages: scene.browser.messages,
    address: [url, replacements, historyState],
    events,
    client,
    states: [
      client.callback.get(),
      client.connections.get(),
      client.tokens('bank').get(),
      client.tokens('mediated').get(),
      client.tokens('bff').get(),
      client.authorization('bank').get(),
    ],
  }
}

describe('after a connection was made', () => {
  test.each(['bank', 'mediated', 'bff'] as const)(
    'no code, verifier, nonce or token is anywhere to be found: %s',
    async (name) => {
      const output = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
        vi.spyOn(console, level).mockImplementation(() => undefined),
      )
      const scene = createScene(network)
      const app = await flow(scene, name)
      expect(app.client.callback.get().status).toBe('connected')
      if (name !== 'bff') {
        const tokens = app.client.tokens(name).get()
        if (!('getAccessToken' in tokens)) throw new Error(tokens.status)
        secret(await tokens.getAccessToken())
        await tokens.fetch('accounts')
      }
      for (const [place, content] of Object.entries(await places(scene, app)))
        expect([place, leaksOf(content)]).toEqual([place, []])
      for (const spy of output) expect(spy).not.toHaveBeenCalled()
    },
  )

  test('nothing of the transaction is left but how it ended', async () => {
    const scene = createScene(network)
    const app = await flow(scene, 'bank')
    const tombstones = [...(await scene.browser.records())].filter(([key]) =>
      key.startsWith(transactionKey('')),
    )
    expect(tombstones.map(([, value]) => Object.keys(value as object).sort())).toEqual([
      'clientId connectionId createdAt expiresAt input phase previous provider redirectUri returnTo subject v'.split(
        ' ',
      ),
    ])
    expect(app.historyState).toEqual({ countersign: stateOf(tombstones[0]?.[0] ?? '')?.slice(0, 16) })
  })

  test('the verifier went to the token endpoint and nowhere else', async () => {
    const scene = createScene(network)
    const sent: [url: string, body: string][] = []
    const record: typeof fetch = async (input, init) => {
      const request = new Request(input, init)
      sent.push([request.url, await request.clone().text()])
      return fetch(request)
    }
    const start = scene.open('/', { fetch: record })
    const url = await scene.leave(start)
    const verifiers = [...(await scene.browser.records()).values()]
      .map((value) => (Object(value) as { codeVerifier?: string }).codeVerifier)
      .filter((value) => value !== undefined)
    const app = scene.open(scene.server.visit(url), { fetch: record })
    await until(app.client.callback, 'connected')
    const places = sent.filter(([address, body]) =>
      verifiers.some((verifier) => (address + body).includes(verifier)),
    )
    expect(places.map(([address]) => address)).toEqual(['https://as.example/token'])
    expect(url).not.toContain(verifiers[0])
  })

  test('tokens that are kept at the application’s wish are where it says, and gone after disconnect', async () => {
    const scene = createScene(network)
    const app = await flow(scene, 'bank')
    expect([...(await scene.browser.records()).keys()].filter((key) => key.startsWith('tokens:'))).toEqual([])
    expect(app.client.tokens('bank').get().status).toBe('connected')
  })
})

describe('after a flow that failed', () => {
  test.each<[string, (scene: Scene) => void]>([
    [
      'the code was refused',
      ({ server }) => {
        server.hostile.token = (form) =>
          HttpResponse.json(
            { error: 'invalid_grant', error_description: `code ${form.get('code') ?? ''}` },
            { status: 400 },
          )
      },
    ],
    [
      'the server answered with the code as its error',
      ({ server }) => {
        server.hostile.token = (form) =>
          HttpResponse.json({ error: `x ${'y'.repeat(200)} ${form.get('code') ?? ''}` }, { status: 400 })
      },
    ],
    [
      'the ID Token was forged',
      ({ server }) => {
        server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
      },
    ],
    [
      'the token response was malformed',
      ({ server }) => {
        server.hostile.tokens = (body) => ({ ...body, token_type: String(body.access_token) })
      },
    ],
    [
      'the token response had an error beside its tokens',
      ({ server }) => {
        server.hostile.tokens = (body) => ({ ...body, error: body.access_token })
      },
    ],
    [
      'the answer was a redirect with everything in it',
      ({ server }) => {
        server.hostile.token = (form) => HttpResponse.redirect(`https://evil.example/?${String(form)}`, 307)
      },
    ],
    [
      'the network was gone',
      ({ server }) => {
        server.hostile.token = () => HttpResponse.error()
      },
    ],
  ])('nothing shown or stored for good holds a secret: %s', async (_name, spoil) => {
    const scene = createScene(network)
    spoil(scene)
    const app = await flow(scene, 'bank')
    const state = app.client.callback.get()
    if (state.status !== 'failed') throw new Error(state.status)
    const { storage, ...shown } = await places(scene, app)
    expect(leaksOf(shown)).toEqual([])
    // The code rests in storage only as long as it may be sent once more.
    const waits = state.error.recovery === 'resume'
    expect(leaksOf(storage).length > 0).toBe(waits)
    if (!waits) return
    scene.browser.clock.advance(61)
    await state.resumeAsync?.()
    expect(leaksOf([...(await scene.browser.records())])).toEqual([])
  })

  test('at the backend, neither', async () => {
    const scene = createScene(network)
    scene.backend.hostile.answer = ({ path, body }) =>
      path.endsWith('/token')
        ? HttpResponse.json(
            { error: 'provider_error', error_description: JSON.stringify(body) },
            { status: 502 },
          )
        : undefined
    const app = await flow(scene, 'mediated')
    expect(app.client.callback.get()).toMatchObject({ status: 'failed', error: { code: 'provider_error' } })
    expect(leaksOf(await places(scene, app))).toEqual([])
  })

  test('a transaction that nobody comes back to keeps no verifier', async () => {
    const scene = createScene(network)
    await scene.leave(scene.open())
    for (const value of (await scene.browser.records()).values()) {
      const { codeVerifier, nonce } = Object(value) as { codeVerifier?: string; nonce?: string }
      if (codeVerifier !== undefined) secret(codeVerifier)
      if (nonce !== undefined) secret(nonce)
    }
    scene.browser.clock.advance(1000)
    const app = scene.open()
    await until(app.client.connections, 'ready')
    expect(leaksOf(await places(scene, app))).toEqual([])
  })
})

test('events name ids and codes, in the order in which things happened', async () => {
  const scene = createScene(network)
  const app = await flow(scene, 'bank')
  const [first] = app.events
  expect(app.events.map(({ type, detail }) => [type, detail])).toEqual([
    ['response_received', 'send'],
    ['redemption_sent', 'bank'],
    ['transaction_ended', 'connected'],
  ])
  expect(first?.id).toMatch(/^[\w-]{16}$/)
  expect(leaksOf(app.events)).toEqual([])
})
