import { act, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorize, type UseAuthorizeResult } from 'countersign'
import { HttpResponse } from 'msw'
import { expect, test, vi } from 'vitest'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { renderWith } from '../support/render.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

function Connect({ returnTo = '/accounts' }: { readonly returnTo?: string }) {
  const { authorize, prepare, status, error } = useAuthorize('bank', { returnTo })
  return (
    <button onPointerEnter={prepare} onClick={authorize}>
      {error ? error.code : status}
    </button>
  )
}

test('sends the person to the provider on a click, once for a double click', async () => {
  const scene = createScene(network)
  const app = scene.open()
  renderWith(app.client, <Connect />)
  expect(screen.getByRole('button').textContent).toBe('idle')
  const leaving = app.leaving()
  await userEvent.dblClick(screen.getByRole('button'))
  expect(await leaving).toMatch(/^https:\/\/as\.example\/authorize\?/)
  await act(settled)
  expect(app.left).toHaveLength(1)
  expect(screen.getByRole('button').textContent).toBe('leaving')
  act(() => app.show())
  await screen.findByText('idle')
})

test('leaves anew on the next click, when the page did not leave', async () => {
  const scene = createScene(network)
  const app = scene.open()
  renderWith(app.client, <Connect />)
  for (const times of [1, 2]) {
    const leaving = app.leaving()
    await userEvent.click(screen.getByRole('button'))
    await leaving
    await act(settled)
    expect(app.left).toHaveLength(times)
  }
})

test('a button that is disabled while the page leaves is live again when the page is still here', async () => {
  function Disabled() {
    const { authorize, status } = useAuthorize('bank')
    return <button onClick={authorize} disabled={status === 'leaving'} />
  }
  const scene = createScene(network)
  const app = scene.open()
  renderWith(app.client, <Disabled />)
  const leaving = app.leaving()
  await userEvent.click(screen.getByRole('button'))
  await leaving
  await act(settled)
  expect(screen.getByRole('button')).toHaveProperty('disabled', true)
  await act(async () => {
    scene.browser.clock.advance(10)
    await settled()
  })
  expect(screen.getByRole('button')).toHaveProperty('disabled', false)
})

test('prepares when the pointer comes near', async () => {
  const scene = createScene(network)
  const app = scene.open()
  renderWith(app.client, <Connect />)
  await userEvent.hover(screen.getByRole('button'))
  const states = await vi.waitFor(async () => {
    const found = [...(await scene.browser.records()).keys()].filter((key) => key.startsWith('transaction:'))
    expect(found).toHaveLength(1)
    expect(scene.server.requests.discovery).toHaveLength(1)
    return found
  })
  expect(app.left).toEqual([])
  const leaving = app.leaving()
  await userEvent.click(screen.getByRole('button'))
  expect(new URL(await leaving).searchParams.get('state')).toBe(states[0]?.replace('transaction:', ''))
})

test('shows why nobody was sent away, and tries again', async () => {
  const scene = createScene(network)
  scene.server.hostile.discovery = () => HttpResponse.error()
  const app = scene.open()
  const authorization = app.client.authorization('bank', { returnTo: '/accounts' })
  renderWith(app.client, <Connect />)
  await userEvent.click(screen.getByRole('button'))
  await act(() => until(authorization, 'failed'))
  expect(screen.getByRole('button').textContent).toBe('network_error')
  delete scene.server.hostile.discovery
  const leaving = app.leaving()
  await userEvent.click(screen.getByRole('button'))
  await leaving
})

test('its functions stay the same while provider and input are equal', () => {
  const { open } = createScene(network)
  const seen: UseAuthorizeResult[] = []
  function Reader({ returnTo }: { readonly returnTo: string }) {
    seen.push(useAuthorize('bank', { returnTo, scope: 'openid' }))
    return null
  }
  const { rerender } = renderWith(open().client, <Reader returnTo="/a" />)
  rerender(<Reader returnTo="/a" />)
  rerender(<Reader returnTo="/a" />)
  expect(new Set(seen).size).toBeLessThanOrEqual(2) // StrictMode renders the first time twice
  expect(new Set(seen.map(({ authorize }) => authorize)).size).toBe(1)
  expect(new Set(seen.map(({ prepare }) => prepare)).size).toBe(1)
  rerender(<Reader returnTo="/b" />)
  expect(new Set(seen.map(({ authorize }) => authorize)).size).toBe(2)
})

test('two buttons for the same connection share its state', async () => {
  const scene = createScene(network)
  const app = scene.open()
  renderWith(
    app.client,
    <>
      <Connect />
      <Connect />
      <Connect returnTo="/elsewhere" />
    </>,
  )
  const leaving = app.leaving()
  await userEvent.click(screen.getAllByRole('button')[0]!)
  await leaving
  await act(settled)
  expect(screen.getAllByRole('button').map(({ textContent }) => textContent)).toEqual([
    'leaving',
    'leaving',
    'idle',
  ])
})
