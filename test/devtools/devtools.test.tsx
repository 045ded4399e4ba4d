import { act, fireEvent, render, screen, within } from '@testing-library/react'
import { CountersignProvider, useConnections, type AnyClient } from 'countersign'
import { CountersignDevtools } from 'countersign/devtools'
import { StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { http, HttpResponse } from 'msw'
import { toSvg } from '../../src/devtools/export/to-svg.js'
import { flowsOf } from '../../src/devtools/flow/flows.js'
import { afterEach, beforeAll, beforeEach, expect, test, vi, type MockInstance } from 'vitest'
import { createScene, type App } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { outcome } from '../support/outcome.js'
import { leaksOf } from '../support/secrets.js'
import { settled, until } from '../support/until.js'
import { eventsOf, forgetLogs, watch } from './support/watch.js'

const network = openNetwork()
beforeEach(() => {
  // The panel looks at the Referrer-Policy of the app's own callback page.
  const headers = { 'referrer-policy': 'no-referrer' }
  network.use(http.get('https://app.example/callback/:name', () => new HttpResponse('', { headers })))
})
afterEach(forgetLogs)

// The panel follows a log that grows by itself, as in a browser: not every render comes from something that the test does.
beforeAll(() => {
  const realm = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }
  realm.IS_REACT_ACT_ENVIRONMENT = false
  return () => {
    realm.IS_REACT_ACT_ENVIRONMENT = true
  }
})

let complaints: MockInstance
beforeEach(() => {
  complaints = vi.spyOn(console, 'error')
})
afterEach(() => {
  expect(complaints.mock.calls).toEqual([])
})

/** An app that knows nothing of the demo. */
function SecondApp({ client, nonce }: { readonly client: AnyClient; readonly nonce?: string }) {
  return (
    <StrictMode>
      <CountersignProvider client={client}>
        <Count />
        <CountersignDevtools {...(nonce !== undefined && { nonce })} />
      </CountersignProvider>
    </StrictMode>
  )
}

function Count() {
  return <p>{useConnections().connections?.length ?? 0} connected</p>
}

/** The queries of the panel, which lies in a shadow root. */
const panelOf = (container: HTMLElement) =>
  within(container.querySelector('[data-countersign-devtools]')!.shadowRoot!.querySelector('aside')!)

/** Connects `bank` in a page that is watched, and gives that page. */
async function connected(): Promise<{ readonly app: App; readonly scene: ReturnType<typeof createScene> }> {
  const scene = createScene(network)
  const first = scene.open()
  watch(first)
  const back = scene.server.visit(await scene.leave(first))
  await settled()
  first.client.dispose()
  const app = scene.open(back)
  const inspection = watch(app)
  await outcome(app)
  await eventsOf(inspection, 'redeemed')
  return { app, scene }
}

async function show(app: App) {
  const { container } = render(<SecondApp client={app.client} />)
  const panel = panelOf(container)
  fireEvent.click(panel.getByRole('button', { name: 'Countersign' }))
  await panel.findByRole('tablist')
  return panel
}

test('a button opens the panel in any app, with the flow that led there', async () => {
  const { app } = await connected()
  const panel = await show(app)
  await screen.findByText('1 connected')
  fireEvent.click(await panel.findByRole('button', { name: /Code redeemed/ }))
  expect(panel.getByText('nonce is the one of the request')).toBeTruthy()
  const verifier = panel.getByRole('row', { name: /code verifier/ })
  expect(within(verifier).getAllByText('yes')).toHaveLength(3)
})

test('who has which secret changes with the flow: after it, the verifier and the code are gone', async () => {
  const { app } = await connected()
  const panel = await show(app)
  fireEvent.click(await panel.findByRole('button', { name: /Connection stored/ }))
  expect(within(panel.getByRole('row', { name: /code verifier/ })).queryAllByText('yes')).toEqual([])
  expect(within(panel.getByRole('row', { name: /access token/ })).getAllByText('yes')).toHaveLength(2)
})

test('twenty callers and one request are one line of the tab about refreshes', async () => {
  const { app, scene } = await connected()
  const state = await until(app.client.tokens('bank'), 'connected')
  scene.browser.clock.advance(7200)
  await Promise.all(Array.from({ length: 20 }, () => state.getAccessToken()))
  const panel = await show(app)
  fireEvent.click(panel.getByRole('tab', { name: /^Refresh/ }))
  await panel.findByText('20 callers → 1 request')
})

test('an error is shown with the code, the recovery and the likely cause', async () => {
  const scene = createScene(network)
  scene.server.hostile.claims = (claims) => ({ ...claims, nonce: 'another' })
  const app = scene.open(await scene.consent())
  watch(app)
  await outcome(app)
  const panel = await show(app)
  fireEvent.click(panel.getByRole('tab', { name: /^Errors/ }))
  // The callback and the transaction end with it: that is one error, counted once.
  const row = await panel.findByRole('row', { name: /id_token_invalid: nonce/ })
  expect(panel.getByRole('tab', { name: /^Errors/ }).textContent).toBe('Errors1')
  expect(within(row).getByText('authorize')).toBeTruthy()
  expect(within(row).getByRole('link').getAttribute('href')).toContain('IDTokenValidation')
})

test('a click after which nobody leaves is one error, and one failed flow', async () => {
  const scene = createScene(network)
  scene.server.hostile.discovery = () => HttpResponse.error()
  const app = scene.open()
  watch(app)
  await app.client.authorization('bank').authorizeAsync()
  const panel = await show(app)
  await panel.findByRole('button', { name: /Could not leave for the provider/ })
  fireEvent.click(panel.getByRole('tab', { name: /^Errors/ }))
  await panel.findByRole('row', { name: /Server metadata fetched: no answer, bank network_error/ })
  expect(panel.getByRole('tab', { name: /^Errors/ }).textContent).toBe('Errors1')
})

test('a code that the token endpoint refuses is one error, with its words and ours', async () => {
  const scene = createScene(network)
  scene.server.hostile.token = () => Response.json({ error: 'invalid_client' }, { status: 401 })
  const app = scene.open(await scene.consent())
  watch(app)
  await outcome(app)
  const panel = await show(app)
  fireEvent.click(panel.getByRole('tab', { name: /^Errors/ }))
  await panel.findByRole('row', { name: /Code redeemed, bank token_error invalid_client 401/ })
  expect(panel.getByRole('tab', { name: /^Errors/ }).textContent).toBe('Errors1')
})

test('an answer that is an error is red in the timeline and in the picture', async () => {
  const { app } = await connected()
  network.use(http.get('https://as.example/api/v1/accounts', () => new HttpResponse('', { status: 503 })))
  const state = await until(app.client.tokens('bank'), 'connected')
  await state.fetch('accounts')
  const panel = await show(app)
  await panel.findByRole('button', { name: /API called.*failed/ })
  expect(toSvg(flowsOf(watch(app).log.get())[0]!)).toMatch(/fill="#b3261e"[^>]*>API called/)
})

test('Escape closes the panel from its own button, too', async () => {
  const { app } = await connected()
  const panel = await show(app)
  fireEvent.keyDown(panel.getByRole('button', { name: 'Countersign' }), { key: 'Escape' })
  expect(panel.queryByRole('tablist')).toBeNull()
})

test('no secret is anywhere in the panel, whichever tab and message is open', async () => {
  const { app } = await connected()
  const panel = await show(app)
  const shadow = panel.getByRole('tablist').getRootNode() as ShadowRoot
  for (const tab of panel.getAllByRole('tab')) {
    fireEvent.click(tab)
    await act(settled)
    expect(leaksOf(shadow.innerHTML)).toEqual([])
  }
  fireEvent.click(panel.getByRole('tab', { name: /^Timeline/ }))
  const messages = panel.getAllByRole('button', { name: / from | at the / })
  expect(messages.length).toBeGreaterThan(6)
  for (const message of messages) {
    fireEvent.click(message)
    expect(leaksOf(shadow.innerHTML)).toEqual([])
  }
})

test('a change of the user is noted, and who it is is not told', async () => {
  const scene = createScene(network, { subject: 'ada@example.com' })
  const app = scene.open()
  watch(app)
  const panel = await show(app)
  fireEvent.click(panel.getByRole('tab', { name: /^Session/ }))
  await panel.findByText(/Signed in, as the user with the hash [\w-]{8}…/)
  act(() => {
    app.client.setSubject('grace@example.com')
  })
  await panel.findByRole('row', { name: /another user/ })
  const shadow = panel.getByRole('tablist').getRootNode() as ShadowRoot
  expect(shadow.innerHTML).not.toMatch(/ada|grace/)
})

test('styles carry the nonce of the policy where a browser cannot construct them', () => {
  const app = createScene(network).open()
  watch(app)
  const { container } = render(<SecondApp client={app.client} nonce="n-1" />)
  const { shadowRoot } = container.querySelector('[data-countersign-devtools]')!
  expect(shadowRoot!.querySelectorAll('style')).toHaveLength(1)
  expect(shadowRoot!.querySelector('style')!.nonce).toBe('n-1')
  expect(shadowRoot!.querySelectorAll('[style]')).toHaveLength(0)
})

test('nothing is rendered on a server', () => {
  const app = createScene(network).open()
  expect(renderToString(<SecondApp client={app.client} />)).toBe('<p>0<!-- --> connected</p>')
})
