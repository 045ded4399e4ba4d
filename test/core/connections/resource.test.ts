import { BackendError } from 'countersign/core'
import { describe, expect, test } from 'vitest'
import { createScene } from '../../support/app.js'
import { refusal } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { errorOf } from '../../support/refusal.js'
import { until } from '../../support/until.js'

const network = openNetwork()

describe('a request through the backend whose connection must be renewed', () => {
  test('says so, and the connection is one to renew, in every tab', async () => {
    const scene = createScene(network)
    const app = scene.open(scene.backend.visit(await scene.leave(scene.open(), 'bff')))
    await outcome(app)
    const other = scene.open('/')
    const [state] = await Promise.all(
      [app, other].map(({ client }) => until(client.tokens('bff'), 'connected')),
    )
    scene.backend.hostile.answer = ({ path }) =>
      path.includes('/resource/') ? refusal('reauthorization_required', 409) : undefined
    const error = await errorOf(() => state!.fetch('accounts'))
    expect(error).toBeInstanceOf(BackendError)
    expect(error).toMatchObject({ code: 'reauthorization_required', recovery: 'authorize' })
    for (const { client } of [app, other])
      expect(await until(client.tokens('bff'), 'reauthorization_required')).toMatchObject({
        connection: { id: state!.connection.id },
      })
  })
})

/** A page with a connection whose backend answers a request to the API so. */
async function answered(answer: Response) {
  const scene = createScene(network)
  const app = scene.open(scene.backend.visit(await scene.leave(scene.open(), 'bff')))
  await outcome(app)
  const state = await until(app.client.tokens('bff'), 'connected')
  scene.backend.hostile.answer = ({ path }) => (path.includes('/resource/') ? answer : undefined)
  return { app, fetch: state.fetch }
}

describe('a request to the API that the backend itself refuses', () => {
  test.each<[Parameters<typeof refusal>[0], number, string, string]>([
    ['unauthenticated', 401, 'sign_in_required', 'sign_in_required'],
    ['subject_mismatch', 409, 'sign_in_required', 'sign_in_required'],
    ['unknown_connection', 404, 'unknown_connection', 'disconnected'],
    ['rate_limited', 429, 'rate_limited', 'connected'],
    ['not_found', 404, 'backend_refused', 'connected'],
    ['provider_error', 502, 'provider_error', 'connected'],
    ['backend_unavailable', 503, 'backend_unavailable', 'connected'],
    ['provider_unavailable', 504, 'provider_unavailable', 'connected'],
  ])('throws %s (%i) as %s: then it is %s', async (word, status, code, then) => {
    const { app, fetch } = await answered(refusal(word, status, { 'retry-after': '7' }))
    const error = await errorOf(() => fetch('accounts'))
    expect(error).toBeInstanceOf(BackendError)
    expect(error).toMatchObject({ code, error: word, status, retryAfterSeconds: 7 })
    await until(app.client.tokens('bff'), then as 'connected')
  })

  test('throws what the status says where the answer has no body, as that to a HEAD', async () => {
    const { fetch } = await answered(new Response(null, { status: 404, headers: { countersign: '1' } }))
    expect(await errorOf(() => fetch('accounts', { method: 'HEAD' }))).toMatchObject({
      code: 'backend_refused',
      status: 404,
    })
  })

  test('throws refresh_failed where the refreshes of the connection get no answer: then it has failed', async () => {
    const body = { error: 'provider_unavailable', connection: 'connection-1' }
    const { app, fetch } = await answered(Response.json(body, { status: 504, headers: { countersign: '1' } }))
    expect(await errorOf(() => fetch('accounts'))).toMatchObject({ code: 'refresh_failed' })
    await until(app.client.tokens('bff'), 'failed')
  })
})

test.each([401, 404, 409, 429, 503])(
  'an answer of the API itself is a response, whatever it says (%i)',
  async (status) => {
    const { app, fetch } = await answered(Response.json({ error: 'unauthenticated' }, { status }))
    const response = await fetch('accounts')
    expect([response.status, await response.json()]).toEqual([status, { error: 'unauthenticated' }])
    expect(app.client.tokens('bff').get()).toMatchObject({ status: 'connected' })
  },
)
