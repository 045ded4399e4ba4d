import { expect, test } from 'vitest'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { until, untilState } from '../support/until.js'

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
