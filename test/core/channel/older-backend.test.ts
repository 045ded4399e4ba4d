// A page of this version whose backend is an older one, as after a rollback: members and words of the contract that it does not have are
// missing in its answers.
import { describe, expect, test } from 'vitest'
import { createScene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { until } from '../../support/until.js'

const network = openNetwork()

const members = {
  answer: ['authorization_url', 'expires_in', 'transaction', 'access_token', 'token_type', 'revoked'],
  connection: ['id', 'provider', 'status', 'scope', 'missing_scope', 'created_at', 'details'],
} as const

const pick = (body: object, names: readonly string[]): object =>
  Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)))

/** Only what the first version of the contract had. */
function asFirst(body: Record<string, unknown>): object {
  const { connection, connections } = body as { connection?: object; connections?: readonly object[] }
  return {
    ...pick(body, members.answer),
    ...(connection && { connection: pick(connection, members.connection) }),
    ...(connections && { connections: connections.map((one) => pick(one, members.connection)) }),
  }
}

describe.each(['mediated', 'bff'] as const)('with the answers of the first version, in %s mode', (name) => {
  test('a person connects, renews, and finds the connection in the list on another day', async () => {
    const { backend, browser, leave, open } = createScene(network)
    backend.hostile.body = asFirst
    const { connection } = await until(
      open(backend.visit(await leave(open(), name))).client.callback,
      'connected',
    )
    browser.clock.advance(3601)
    const renewal = backend.visit(await leave(open(), name, { connection: connection.id }))
    const app = open(renewal)
    const renewed = await until(app.client.callback, 'connected')
    expect(renewed).toMatchObject({
      connection: { id: connection.id, status: 'connected' },
      previous: { grantedScope: connection.grantedScope },
    })
    await app.client.connections.refreshAsync()
    expect(app.client.connections.get()).toMatchObject({ connections: [{ id: connection.id }] })
  })

  test('a disconnection that is not confirmed, without a reason, says that it was refused', async () => {
    const { backend, browser, leave, open } = createScene(network)
    backend.hostile.body = (body) => ('revoked' in body ? { revoked: false } : asFirst(body))
    const app = open(backend.visit(await leave(open(), name)))
    const { connection } = await until(app.client.callback, 'connected')
    const tokens = await until(app.client.tokens(name), 'connected')
    expect(await tokens.disconnect()).toEqual({ revoked: false, reason: 'refused' })
    expect((await browser.records()).has(`connection:${connection.id}`)).toBe(false)
  })
})
