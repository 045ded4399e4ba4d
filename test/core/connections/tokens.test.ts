import { describe, expect, test } from 'vitest'
import { createScene } from '../../support/app.js'
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
