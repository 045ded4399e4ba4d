import { describe, expect, onTestFinished, test } from 'vitest'
import type { ConnectionRecord } from '../../../src/core/records/connection.js'
import { connectionKey } from '../../../src/core/records/keys.js'
import { createScene } from '../../support/app.js'
import { holdAnswers } from '../../support/backend.js'
import { openNetwork } from '../../support/network.js'
import { until, untilState } from '../../support/until.js'

const network = openNetwork()

test('give way to the connection with which the person replaced one that was over', async () => {
  const scene = createScene(network)
  const first = scene.open(scene.server.visit(await scene.leave(scene.open())))
  await until(first.client.callback, 'connected')
  first.client.dispose()
  scene.browser.clock.advance(10)

  // The page that takes the answer already shows the first connection, whose tokens died with its page.
  const app = scene.open(scene.server.visit(await scene.leave(scene.open())))
  const tokens = app.client.tokens('bank')
  const stop = tokens.subscribe(() => undefined)
  await until(tokens, 'reauthorization_required')
  const { connection } = await until(app.client.callback, 'connected')
  expect(await until(tokens, 'connected')).toMatchObject({ connection: { id: connection.id } })
  stop()
})

test('stay on the newest connection although an older one is still good', async () => {
  const scene = createScene(network)
  const app = scene.open(scene.server.visit(await scene.leave(scene.open())))
  await until(app.client.callback, 'connected')
  scene.browser.clock.advance(10)
  const second = scene.open(scene.server.visit(await scene.leave(scene.open())))
  const { connection } = await until(second.client.callback, 'connected')
  await untilState(
    app.client.connections,
    (state): state is Extract<typeof state, { status: 'ready' }> =>
      state.status === 'ready' && state.connections.length === 2,
  )
  const shown = await until(app.client.tokens('bank'), 'reauthorization_required')
  expect(shown.connection.id).toBe(connection.id)
})

test('are of the one that works where two connections came within the same second', async () => {
  const scene = createScene(network)
  const app = scene.open(scene.server.visit(await scene.leave(scene.open())))
  const { connection } = await until(app.client.callback, 'connected')
  const record = (await scene.browser.records()).get(connectionKey(connection.id)) as ConnectionRecord
  // A page that is gone has made it; it comes last in the database.
  const id = 'ffffffff-ffff-4fff-bfff-ffffffffffff'
  await scene.browser.tamper(connectionKey(id), { ...record, connection: { ...record.connection, id } })
  await app.client.connections.refreshAsync()
  expect(app.client.connections.get()).toMatchObject({ connections: [{ id }, { id: connection.id }] })
  expect(app.client.tokens('bank').get()).toMatchObject({ status: 'connected', connection })
})

describe('without a wanted connection', () => {
  /** Two pages connect one after the other; the first one's tokens are watched. */
  async function watch() {
    const scene = createScene(network)
    const app = scene.open(scene.server.visit(await scene.leave(scene.open())))
    const first = (await until(app.client.callback, 'connected')).connection.id
    const tokens = app.client.tokens('bank')
    await until(tokens, 'connected')
    return {
      first,
      tokens,
      shown: () => {
        const state = tokens.get()
        return 'connection' in state ? state.connection.id : state.status
      },
      connectAnother: async () => {
        scene.browser.clock.advance(10)
        const other = scene.open(scene.server.visit(await scene.leave(scene.open())))
        const { connection } = await until(other.client.callback, 'connected')
        await untilState(
          app.client.connections,
          (state): state is Extract<typeof state, { status: 'ready' }> =>
            state.status === 'ready' && state.connections.some(({ id }) => id === connection.id),
        )
        return connection.id
      },
    }
  }
  const nothing = () => undefined

  test('they stay on the one that is shown when their watcher goes and comes back, as in StrictMode', async () => {
    const { first, tokens, shown, connectAnother } = await watch()
    tokens.subscribe(nothing)()
    const stop = tokens.subscribe(nothing)
    await connectAnother()
    expect(shown()).toBe(first)
    stop()
  })

  test('they are of the newest for whoever watches next', async () => {
    const { first, tokens, shown, connectAnother } = await watch()
    const stop = tokens.subscribe(nothing)
    const second = await connectAnother()
    expect(shown()).toBe(first)
    stop()
    expect(shown()).toBe(second)
  })
})

describe('on the page that takes the answer', () => {
  /** Two connections that are good at once: the page already shows the first one when the second comes. */
  async function connectTwice() {
    const scene = createScene(network)
    const visit = async () => scene.backend.visit(await scene.leave(scene.open(), 'mediated'))
    const first = scene.open(await visit())
    await until(first.client.callback, 'connected')
    first.client.dispose()
    scene.browser.clock.advance(10)
    const url = await visit()
    const letGo = holdAnswers(scene.backend, '/mediated/token')
    const app = scene.open(url)
    const tokens = app.client.tokens('mediated')
    const stop = tokens.subscribe(() => undefined)
    onTestFinished(stop)
    const before = await until(tokens, 'connected')
    return { scene, app, tokens, before, url, letGo }
  }

  test('they are of the newest connection, although the one before was shown and is good', async () => {
    const { app, tokens, before, letGo } = await connectTwice()
    letGo()
    const { connection } = await until(app.client.callback, 'connected')
    expect(connection.id).not.toBe(before.connection.id)
    expect(tokens.get()).toMatchObject({ status: 'connected', connection: { id: connection.id } })
  })

  test('they stay on it from then on', async () => {
    const { scene, app, tokens, letGo } = await connectTwice()
    letGo()
    const { connection } = await until(app.client.callback, 'connected')
    scene.browser.clock.advance(10)
    const other = scene.open(scene.backend.visit(await scene.leave(scene.open(), 'mediated')))
    const { connection: newest } = await until(other.client.callback, 'connected')
    await untilState(
      app.client.connections,
      (state): state is Extract<typeof state, { status: 'ready' }> =>
        state.status === 'ready' && state.connections.some(({ id }) => id === newest.id),
    )
    expect(tokens.get()).toMatchObject({ connection: { id: connection.id } })
  })

  test('they are of the newest connection in every tab that shows this page', async () => {
    const { scene, app, before, url, letGo } = await connectTwice()
    const other = scene.open(url)
    const tokens = other.client.tokens('mediated')
    onTestFinished(tokens.subscribe(() => undefined))
    expect(await until(tokens, 'connected')).toMatchObject({ connection: before.connection })
    letGo()
    const { connection } = await until(app.client.callback, 'connected')
    await until(other.client.callback, 'connected')
    expect(tokens.get()).toMatchObject({ status: 'connected', connection: { id: connection.id } })
  })
})
