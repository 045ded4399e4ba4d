import { act, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useConnection, useTokens } from 'countersign'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { createScene, type App, type Scene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { renderWith } from '../support/render.js'
import { leaksOf, secret } from '../support/secrets.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

async function connected(scene: Scene): Promise<App> {
  const app = scene.open(await scene.consent())
  await until(app.client.callback, 'connected')
  return app
}

test('has two names', () => {
  expect(useTokens).toBe(useConnection)
})

test('shows the account, fetches with its token and forgets it', async () => {
  const scene = createScene(network)
  const app = await connected(scene)
  function Account() {
    const bank = useConnection('bank')
    const [answer, setAnswer] = useState('')
    if (bank.status !== 'connected') return <p>{bank.status}</p>
    const load = async () => setAnswer(await (await bank.fetch('accounts')).text())
    return (
      <>
        <p>{bank.connection.grantedScope.join(' ')}</p>
        <button onClick={() => void load()}>{answer || 'Load'}</button>
        <button onClick={() => void bank.disconnect()}>Disconnect</button>
      </>
    )
  }
  renderWith(app.client, <Account />)
  expect(screen.getByText('openid accounts offline_access')).not.toBeNull()
  await userEvent.click(screen.getByText('Load'))
  await screen.findByText('{"ok":true}')
  await userEvent.click(screen.getByText('Disconnect'))
  await screen.findByText('disconnected')
})

test('renders nothing when a token is refreshed, however often', async () => {
  const scene = createScene(network)
  const app = await connected(scene)
  let renders = 0
  function Reader() {
    renders++
    return <p>{useConnection('bank').status}</p>
  }
  renderWith(app.client, <Reader />)
  await act(settled)
  const before = renders
  const tokens = await until(app.client.tokens('bank'), 'connected')
  for (let i = 0; i < 3; i++) {
    scene.browser.clock.advance(3600)
    await act(() => tokens.getAccessToken())
    await act(settled)
  }
  expect(renders).toBe(before)
  expect(scene.server.requests.token).toHaveLength(4)
})

test('gives the same object for as long as nothing changes', async () => {
  const scene = createScene(network)
  const app = await connected(scene)
  const seen = new Set<unknown>()
  function Reader() {
    seen.add(useConnection('bank'))
    return null
  }
  const { rerender, unmount } = renderWith(app.client, <Reader />)
  rerender(<Reader />)
  scene.browser.post({ v: 1, id: 'anything' })
  await act(settled)
  unmount()
  renderWith(app.client, <Reader />)
  expect(seen.size).toBe(1)
})

test('stays on the connection that it shows, also through the second mount of StrictMode', async () => {
  const scene = createScene(network)
  const app = await connected(scene)
  function Reader() {
    const bank = useConnection('bank')
    return <p>{'connection' in bank ? bank.connection.id : bank.status}</p>
  }
  renderWith(app.client, <Reader />)
  await act(settled)
  const first = screen.getByText(/-/).textContent
  scene.browser.clock.advance(10)
  await connected(scene)
  await act(settled)
  expect(screen.getByText(/-/).textContent).toBe(first)
})

test('holds no token that a developer tool could show', async () => {
  const scene = createScene(network)
  const app = await connected(scene)
  const tokens = await until(app.client.tokens('bank'), 'connected')
  secret(await tokens.getAccessToken())
  function Reader() {
    return <p>{useConnection('bank').status}</p>
  }
  const { container } = renderWith(app.client, <Reader />)
  await act(settled)
  const [fiberKey = ''] = Object.keys(container).filter((key) => key.startsWith('__react'))
  const fiber: unknown = (container as unknown as Record<string, unknown>)[fiberKey]
  expect(fiber).toBeDefined()
  expect(leaksOf([container.innerHTML, ...propsAndStatesOf(fiber)])).toEqual([])
})

/** What React's developer tools and error reporters read: props, hooks and contexts of every component. */
function propsAndStatesOf(root: unknown): unknown[] {
  interface Fiber {
    readonly child?: Fiber | null
    readonly sibling?: Fiber | null
    readonly memoizedProps?: unknown
    readonly memoizedState?: unknown
  }
  const found: unknown[] = []
  const visit = (fiber: Fiber | null | undefined): void => {
    if (!fiber) return
    const { children: _, ...props } = Object(fiber.memoizedProps) as Record<string, unknown>
    found.push(props)
    for (let hook = fiber.memoizedState; hook; hook = (hook as { next?: unknown }).next)
      found.push((hook as { memoizedState?: unknown }).memoizedState)
    visit(fiber.child)
    visit(fiber.sibling)
  }
  visit(root as Fiber)
  return found
}
