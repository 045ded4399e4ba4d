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
