import { createClient, singleUser, type ClientOptions } from 'countersign/core'
import { stitch } from 'countersign/providers'
import { fakeBank } from 'countersign/testing'
import { bankHandlers } from 'countersign/testing/msw'
import { http, HttpResponse } from 'msw'
import { setupServer } from 'msw/node'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../support/browser.js'
import { until } from '../support/until.js'

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: { stitch: stitch({ clientId: 'test-1', scope: 'openid accounts' }) },
} satisfies ClientOptions

const server = setupServer()
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }))
afterEach(() => server.resetHandlers())
afterAll(() => server.close())

test('a client of the app’s own, on the global fetch, sees what the bank has', async () => {
  const bank = fakeBank({ ...options, connected: { stitch: {} } })
  await bank.settled()
  server.use(...bankHandlers(bank))
  const { platform } = createBrowser().open()
  const client = createClient({ ...options, platform })
  const tokens = await until(client.tokens('stitch'), 'connected')
  expect(tokens.connection.provider).toBe('stitch')
  expect(await tokens.getAccessToken()).toMatch(/^[\w-]{32}$/)
  expect(bank.requests.map(({ endpoint }) => endpoint)).toEqual(['connections', 'access-token'])
  client.dispose()
})

test('requests that are not for the bank go on to the other handlers', async () => {
  const bank = fakeBank(options)
  await until(bank.client.connections, 'ready')
  const { length } = bank.requests
  server.use(
    ...bankHandlers(bank),
    http.get('https://app.example/api/me', () => HttpResponse.json({ id: 'anna' })),
  )
  expect(await (await fetch('https://app.example/api/me')).json()).toEqual({ id: 'anna' })
  expect(bank.requests).toHaveLength(length)
})
