import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useConnection, useTokens, type TokensState } from 'countersign'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { openBank } from '../support/bank.js'
import { renderWith } from '../support/render.js'
import { leaksOf, secret } from '../support/secrets.js'
import { until } from '../support/until.js'

const connected = { connected: { bank: {} } }

function Status() {
  return <p>{useConnection('bank').status}</p>
}

test('has two names', () => {
  expect(useTokens).toBe(useConnection)
})

test.each<[TokensState['status'], () => Parameters<typeof openBank>[0]]>([
  ['disconnected', () => ({})],
  ['connected', () => connected],
  ['sign_in_required', () => ({ subject: null })],
  ['failed', () => ({ subject: Promise.reject(new Error('no answer')) })],
])('shows restoring, and then %s', async (status, more) => {
  const bank = openBank(more())
  renderWith(bank.client, <Status />)
  expect(['restoring', 'sign_in_required']).toContain(screen.getByText(/./).textContent)
  await screen.findByText(status)
})

test('shows that the person must authorize again when the tokens are gone with the page', async () => {
  const bank = openBank(connected)
  renderWith(bank.client, <Status />)
  await screen.findByText('connected')
  await bank.reload()
  expect(screen.getByText('reauthorization_required')).not.toBeNull()
})

test('shows the account, fetches with its token and forgets it', async () => {
  const bank = openBank({ connected: { bank: { accounts: [{ name: 'Giro' }] } } })
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
  renderWith(bank.client, <Account />)
  await screen.findByText('openid accounts offline_access')
  await userEvent.click(screen.getByText('Load'))
  await screen.findByText('{"accounts":[{"name":"Giro"}]}')
  await userEvent.click(screen.getByText('Disconnect'))
  await screen.findByText('disconnected')
})

test('renders nothing when a token is refreshed, however often', async () => {
  const bank = openBank(connected)
  let renders = 0
  function Reader() {
    renders++
    return <p>{useConnection('bank').status}</p>
  }
  renderWith(bank.client, <Reader />)
  await bank.settled()
  const tokens = await until(bank.client.tokens('bank'), 'connected')
  const before = renders
  for (let i = 0; i < 3; i++) {
    await bank.advance(3600)
    await tokens.getAccessToken()
    await bank.settled()
  }
  expect(renders).toBe(before)
  expect(bank.requestsTo('bank', 'token')).toHaveLength(3)
})

test('gives the same object for as long as nothing changes', async () => {
  const bank = openBank(connected)
  await bank.settled()
  const seen = new Set<unknown>()
  function Reader() {
    seen.add(useConnection('bank'))
    return null
  }
  const { rerender, unmount } = renderWith(bank.client, <Reader />)
  rerender(<Reader />)
  await bank.otherTab().reload()
  unmount()
  renderWith(bank.client, <Reader />)
  expect(seen.size).toBe(1)
})

test('stays on the connection that it shows, also through the second mount of StrictMode', async () => {
  const bank = openBank({ connected: { mediated: {} } })
  function Reader() {
    const mediated = useConnection('mediated')
    return <output>{'connection' in mediated ? mediated.connection.id : mediated.status}</output>
  }
  renderWith(bank.client, <Reader />)
  await bank.settled()
  const first = screen.getByRole('status').textContent
  await bank.advance(10)
  const other = bank.otherTab()
  other.client.authorization('mediated').authorize()
  await bank.approve('mediated')
  await bank.settled()
  expect(bank.client.connections.get()).toMatchObject({ connections: { length: 2 } })
  expect(screen.getByRole('status').textContent).toBe(first)
})

test('holds no token that a developer tool could show', async () => {
  const bank = openBank(connected)
  const tokens = await until(bank.client.tokens('bank'), 'connected')
  secret(await tokens.getAccessToken())
  const { container } = renderWith(bank.client, <Status />)
  await bank.settled()
  const [fiberKey = ''] = Object.keys(container).filter((key) => key.startsWith('__react'))
  const { stateNode } = (container as unknown as Record<string, { stateNode: { current: unknown } }>)[
    fiberKey
  ] as { stateNode: { current: unknown } }
  // The root's own fiber may be the one of before the first rendering.
  const states = statesOf(stateNode.current)
  expect(states).toContainEqual(expect.objectContaining({ status: 'connected' }))
  expect(leaksOf([container.innerHTML, ...states])).toEqual([])
})

/** What React's developer tools and error reporters read: hooks of every component, and props but for the client. */
function statesOf(root: unknown): unknown[] {
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
