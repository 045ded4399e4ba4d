// The id by which a support desk finds one request of the page in the backend's log and in the provider's.
import { HttpResponse } from 'msw'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createScene, stateOf, type App, type Scene } from '../../support/app.js'
import { refusal } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { errorOf } from '../../support/refusal.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()
const header = 'x-fapi-interaction-id'
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

/** The page before it left, and the one that came back and is connected. */
async function connect(scene: Scene, name: 'mediated' | 'bff' = 'mediated') {
  const before = scene.open()
  const url = await scene.leave(before, name)
  const app = scene.open(scene.backend.visit(url))
  expect((await outcome(app)).status).toBe('connected')
  await settled()
  return { before, app, url }
}

const idOf = (call: Scene['backend']['calls'][number] | undefined) => call?.headers.get(header)
/** The id of the last request for this endpoint. */
const lastId = ({ backend }: Scene, endpoint: string) =>
  idOf(backend.calls.findLast(({ path }) => path.includes(endpoint)))

/** What the events say of requests: the endpoint, what it was for, and the id. */
const requests = (...apps: readonly App[]) =>
  apps
    .flatMap(({ events }) => events)
    .filter(({ type }) => type === 'backend_requested')
    .map(({ detail, id, correlation }) => ({ detail, id, correlation }))

describe('every request to the backend', () => {
  test('has an id of its own, which its event has, too', async () => {
    const scene = createScene(network)
    const { before, app, url } = await connect(scene)
    const tokens = await until(app.client.tokens('mediated'), 'connected')
    scene.browser.clock.advance(3600)
    await tokens.getAccessToken()
    await app.client.connections.refreshAsync()
    await tokens.disconnect()
    const told = requests(before, app)
    expect(told.map(({ correlation }) => correlation)).toEqual(scene.backend.calls.map(idOf))
    expect(new Set(told.map(({ correlation }) => correlation)).size).toBe(told.length)
    for (const { correlation } of told) expect(correlation).toMatch(uuid)
    const transaction = stateOf(url).slice(0, 16)
    const { id } = tokens.connection
    for (const expected of [
      ['authorization', transaction],
      ['token', transaction],
      ['connections', 'connections'],
      ['access-token', id],
      ['disconnect', id],
    ])
      expect(told.map(({ detail, id: about }) => [detail, about])).toContainEqual(expected)
  })

  test('is made without one where the browser has no randomUUID, as over plain HTTP', async () => {
    const { randomUUID } = crypto
    Object.defineProperty(crypto, 'randomUUID', { configurable: true, value: undefined })
    onTestFinished(() => {
      Object.defineProperty(crypto, 'randomUUID', { configurable: true, value: randomUUID })
    })
    const scene = createScene(network)
    const { app } = await connect(scene)
    expect(await until(app.client.connections, 'ready')).toMatchObject({
      connections: [{ provider: 'mediated' }],
    })
    expect(scene.backend.calls.map(idOf).filter((id) => id != null)).toEqual([])
    expect(scene.backend.calls.length).toBeGreaterThan(1)
  })

  test('of the app to the API has one, or the one that the app gives it', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene, 'bff')
    const { fetch } = await until(app.client.tokens('bff'), 'connected')
    await fetch('/accounts')
    const own = lastId(scene, '/resource/')
    expect(own).toMatch(uuid)
    expect(requests(app).at(-1)).toMatchObject({ detail: 'resource', correlation: own })
    const given = crypto.randomUUID()
    await fetch('/accounts', { headers: { 'X-FAPI-Interaction-Id': given } })
    expect(lastId(scene, '/resource/')).toBe(given)
  })

  test('to the API of a provider by the page itself has none, since its CORS may not allow it', async () => {
    const scene = createScene(network)
    const { app } = await connect(scene)
    const seen: Headers[] = []
    const listen = ({ request }: { request: Request }) => {
      if (request.url.startsWith('https://api.example/')) seen.push(request.headers)
    }
    network.events.on('request:start', listen)
    const { fetch } = await until(app.client.tokens('mediated'), 'connected')
    await fetch('accounts')
    network.events.removeListener('request:start', listen)
    expect(seen.map((headers) => headers.get(header))).toEqual([null])
  })
})

describe('an error of a request to the backend names its id', () => {
  const answers: readonly (readonly [string, () => Response, string])[] = [
    ['a refusal', () => refusal('provider_error', 502), 'BackendError'],
    ['no answer', () => HttpResponse.error(), 'NetworkError'],
    ['an answer of something else', () => new HttpResponse('<html>', { status: 404 }), 'BackendError'],
    [
      'an answer without a token',
      () => HttpResponse.json({}, { headers: { countersign: '1' } }),
      'ValidationError',
    ],
  ]

  test.each(answers)('where it was %s', async (_what, answer, name) => {
    const scene = createScene(network)
    const { app } = await connect(scene)
    const { getAccessToken } = await until(app.client.tokens('mediated'), 'connected')
    scene.browser.clock.advance(3600)
    scene.backend.hostile.answer = ({ path }) => (path.endsWith('/access-token') ? answer() : undefined)
    const error = await errorOf(getAccessToken)
    expect(error).toMatchObject({ name, correlation: lastId(scene, '/access-token') })
    expect(lastId(scene, '/access-token')).toMatch(uuid)
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['', {}],
    [', also one that the app has given', { [header]: '2c1e3f6a-53b1-4b0e-9f0c-6a1f0c9d7b55' }],
  ])('where it was a request of the app to the API in bff mode%s', async (_which, headers) => {
    const scene = createScene(network)
    const { app } = await connect(scene, 'bff')
    const { fetch } = await until(app.client.tokens('bff'), 'connected')
    for (const word of ['provider_error', 'step_up_required'] as const) {
      scene.backend.hostile.answer = ({ path }) =>
        path.includes('/resource/') ? refusal(word, 409) : undefined
      const error = await errorOf(() => fetch('accounts', { headers }))
      expect(error).toMatchObject({ code: word, correlation: lastId(scene, '/resource/') })
      expect(error.correlation).toMatch(headers[header] ?? uuid)
    }
  })

  test('also after a reload, of a transaction that it has ended', async () => {
    const scene = createScene(network)
    const url = await scene.leave(scene.open(), 'mediated')
    scene.backend.hostile.answer = ({ path }) =>
      path.endsWith('/token') ? refusal('invalid_grant', 400) : undefined
    const back = scene.backend.visit(url)
    const first = await outcome(scene.open(back))
    const sent = lastId(scene, '/token')
    expect(first).toMatchObject({ status: 'failed', error: { name: 'BackendError', correlation: sent } })
    expect(await outcome(scene.open(back))).toMatchObject({ status: 'failed', error: { correlation: sent } })
    expect(sent).toMatch(uuid)
  })
})
