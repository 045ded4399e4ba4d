import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { connectionKey, transactionKey } from '../../../src/core/records/keys.js'
import { createScene, stateOf, type App, type Scene } from '../../support/app.js'
import { refusal } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { errorOf, refusalOf } from '../../support/refusal.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()
const header = 'countersign-subject'
const hash = (subject: string) => createHash('sha256').update(subject).digest('base64url')

/** Has the backend do nothing for a page that asks for another user than the one of its session, as the contract says. */
const compare = ({ backend }: Scene) => {
  backend.hostile.answer = ({ headers }) => {
    const asked = headers.get(header)
    return asked !== null && asked !== hash(backend.session ?? '')
      ? refusal('subject_mismatch', 409)
      : undefined
  }
}

/** The app of a user with a connection in `mediated` mode. */
async function connect(scene: Scene, setting = { subject: 'anna' }): Promise<App> {
  scene.backend.session = 'anna'
  const url = await scene.leave(scene.open('/', setting), 'mediated')
  const app = scene.open(scene.backend.visit(url), setting)
  expect((await outcome(app)).status).toBe('connected')
  await until(app.client.tokens('mediated'), 'connected')
  await settled()
  return app
}

describe('every request to the backend', () => {
  /** Uses every path of the contract. */
  async function useAll(scene: Scene, app: App) {
    const tokens = await until(app.client.tokens('mediated'), 'connected')
    scene.browser.clock.advance(3600)
    await tokens.getAccessToken()
    await app.client.connections.refreshAsync()
    await tokens.disconnect()
    return new Map(
      scene.backend.calls.map(({ method, path, headers }) => [
        `${method} ${path.split('/').at(-1) ?? ''}`,
        headers.get(header),
      ]),
    )
  }

  test('says for which user the page asks', async () => {
    const scene = createScene(network)
    const sent = await useAll(scene, await connect(scene))
    expect([...sent.keys()]).toEqual(
      expect.arrayContaining(['POST authorization', 'POST token', 'POST access-token', 'GET connections']),
    )
    expect(sent.size).toBeGreaterThanOrEqual(5)
    expect(new Set(sent.values())).toEqual(new Set([hash('anna')]))
  })

  test('says nothing where the app has no users of its own', async () => {
    const scene = createScene(network)
    const url = await scene.leave(scene.open(), 'mediated')
    const app = scene.open(scene.backend.visit(url))
    await outcome(app)
    expect(new Set((await useAll(scene, app)).values())).toEqual(new Set([null]))
  })
})

describe('when the session is of another user than the page knows', () => {
  test('an access token is refused, and the page asks to sign in', async () => {
    const scene = createScene(network)
    const app = await connect(scene)
    const { getAccessToken } = await until(app.client.tokens('mediated'), 'connected')
    scene.browser.clock.advance(3600)
    compare(scene)
    scene.backend.session = 'berta'
    expect(await errorOf(getAccessToken)).toMatchObject({
      name: 'BackendError',
      code: 'sign_in_required',
      error: 'subject_mismatch',
      recovery: 'sign_in',
    })
    expect(app.client.connections.get()).toEqual({ status: 'sign_in_required' })
    scene.backend.session = 'anna'
    app.client.setSubject('anna')
    expect(await (await until(app.client.tokens('mediated'), 'connected')).getAccessToken()).toEqual(
      expect.any(String),
    )
  })

  test('a code is not used, and goes on when the user is back', async () => {
    const scene = createScene(network)
    scene.backend.session = 'anna'
    const setting = { subject: 'anna' }
    const url = await scene.leave(scene.open('/', setting), 'mediated')
    compare(scene)
    scene.backend.session = 'berta'
    const app = scene.open(scene.backend.visit(url), setting)
    await until(app.client.callback, 'sign_in_required')
    expect((await scene.browser.records()).get(transactionKey(stateOf(url)))).toMatchObject({ phase: 'sent' })
    // The app has asked who is signed in.
    app.client.setSubject('berta')
    await settled()
    scene.backend.session = 'anna'
    app.client.setSubject('anna')
    await until(app.client.callback, 'connected')
  })

  test.each([
    ['compares users', (scene: Scene) => compare(scene)],
    [
      'knows no such connection of that user',
      (scene: Scene, app: App) => {
        scene.backend.hostile.answer = ({ method }) => {
          if (method !== 'DELETE') return undefined
          app.client.setSubject('berta')
          return refusal('unknown_connection', 404)
        }
      },
    ],
  ])('a disconnect does not count as done, where the backend %s', async (_what, prepare) => {
    const scene = createScene(network)
    const app = await connect(scene)
    const { connection, disconnect } = await until(app.client.tokens('mediated'), 'connected')
    prepare(scene, app)
    scene.backend.session = 'berta'
    expect(await refusalOf(disconnect)).toMatchObject({ code: 'sign_in_required' })
    expect((await scene.browser.records()).get(connectionKey(connection.id))).toMatchObject({ connection })
    delete scene.backend.hostile.answer
    scene.backend.session = 'anna'
    app.client.setSubject('anna')
    const again = await until(app.client.tokens('mediated'), 'connected')
    expect(await again.disconnect()).toEqual({ revoked: true })
  })
})

test('a disconnect of what the backend does not know any more is done', async () => {
  const scene = createScene(network)
  const app = await connect(scene)
  const { disconnect } = await until(app.client.tokens('mediated'), 'connected')
  scene.backend.hostile.answer = ({ method }) =>
    method === 'DELETE' ? refusal('unknown_connection', 404) : undefined
  expect(await disconnect()).toEqual({ revoked: false, reason: 'refused' })
  await until(app.client.tokens('mediated'), 'disconnected')
})
