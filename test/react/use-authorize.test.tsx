import { act, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorize, type UseAuthorizeResult } from 'countersign'
import { HttpResponse } from 'msw'
import { lazy, startTransition, Suspense } from 'react'
import { expect, test, vi } from 'vitest'
import { createScene, stateOf, type Scene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { renderWith } from '../support/render.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

/** The input with which a person was sent away. */
const inputOf = async ({ browser }: Scene, url: string) =>
  ((await browser.records()).get(`transaction:${stateOf(url)}`) as { input: object }).input

interface ConnectProps {
  readonly returnTo?: string
  readonly connection?: string
}

function Connect({ returnTo = '/accounts', connection }: ConnectProps) {
  const { authorize, prepare, status, error } = useAuthorize('bank', {
    returnTo,
    ...(connection !== undefined && { connection }),
  })
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

test('its functions never change, and its result only with the state', () => {
  const { open } = createScene(network)
  const seen: UseAuthorizeResult[] = []
  function Reader({ returnTo, connection }: { readonly returnTo: string; readonly connection?: string }) {
    seen.push(useAuthorize('bank', { returnTo, connection }))
    return null
  }
  const { rerender } = renderWith(open().client, <Reader returnTo="/a" />)
  rerender(<Reader returnTo="/a" />)
  rerender(<Reader returnTo="/b" />)
  expect(new Set(seen).size).toBeLessThanOrEqual(2) // StrictMode renders the first time twice
  rerender(<Reader returnTo="/b" connection="one" />)
  for (const name of ['authorize', 'authorizeAsync', 'prepare', 'prepareAsync'] as const)
    expect(new Set(seen.slice(1).map((result) => result[name])).size).toBe(1)
})

test('takes the input of what is on the screen, not of what was rendered first', async () => {
  const scene = createScene(network)
  const app = scene.open()
  const { rerender } = renderWith(app.client, <Connect returnTo="/first" />)
  rerender(<Connect returnTo="/second" />)
  const leaving = app.leaving()
  await userEvent.click(screen.getByRole('button'))
  expect(await inputOf(scene, await leaving)).toEqual({ returnTo: '/second' })
})

test('takes no input of a rendering that React has thrown away', async () => {
  const scene = createScene(network)
  const app = scene.open()
  const Never = lazy(() => new Promise<never>(() => undefined))
  function Suspending({ returnTo, suspended }: { readonly returnTo: string; readonly suspended: boolean }) {
    const { authorize } = useAuthorize('bank', { returnTo })
    return suspended ? <Never /> : <button onClick={authorize} />
  }
  const tree = (suspended: boolean) => (
    <Suspense>
      <Suspending returnTo={suspended ? '/thrown-away' : '/on-the-screen'} suspended={suspended} />
    </Suspense>
  )
  const { rerender } = renderWith(app.client, tree(false))
  act(() => {
    startTransition(() => {
      rerender(tree(true))
    })
  })
  const leaving = app.leaving()
  await userEvent.click(screen.getByRole('button'))
  expect(await inputOf(scene, await leaving)).toEqual({ returnTo: '/on-the-screen' })
})

test('one hook connects any bank of a list: what is chosen is known at the click', async () => {
  const scene = createScene(network)
  const app = scene.open()
  function List() {
    const { authorize } = useAuthorize('bank', { returnTo: '/accounts' })
    return ['openid', 'openid accounts'].map((scope) => (
      <button key={scope} onClick={() => authorize({ scope })}>
        {scope}
      </button>
    ))
  }
  renderWith(app.client, <List />)
  const leaving = app.leaving()
  await userEvent.click(screen.getByText('openid accounts'))
  expect(await inputOf(scene, await leaving)).toEqual({ returnTo: '/accounts', scope: 'openid accounts' })
})

test('an input that is another one at every rendering keeps its state and its failure', async () => {
  const scene = createScene(network)
  scene.server.hostile.discovery = () => HttpResponse.error()
  const app = scene.open()
  let now = 0
  function Unstable() {
    const { authorize, prepare, error, status } = useAuthorize('bank', { returnTo: `/?now=${String(now++)}` })
    return (
      <button onPointerEnter={prepare} onClick={authorize}>
        {error?.code ?? status}
      </button>
    )
  }
  const { rerender } = renderWith(app.client, <Unstable />)
  await userEvent.click(screen.getByRole('button'))
  await screen.findByText('network_error')
  rerender(<Unstable />)
  expect(screen.getByRole('button').textContent).toBe('network_error')
})

test('a mistake of the application is reported, as an error of a handler is', async () => {
  const reported = vi.fn()
  vi.stubGlobal('reportError', reported)
  const scene = createScene(network)
  const app = scene.open()
  const unstorable: object = { done: () => undefined }
  function Mistaken() {
    const { authorize } = useAuthorize('bank', unstorable)
    return <button onClick={authorize} />
  }
  renderWith(app.client, <Mistaken />)
  await userEvent.click(screen.getByRole('button'))
  await vi.waitFor(() => expect(reported).toHaveBeenCalledTimes(1))
  expect(app.left).toEqual([])
})

test('buttons for the same connection share its state, whatever else they ask', async () => {
  const scene = createScene(network)
  const app = scene.open()
  renderWith(
    app.client,
    <>
      <Connect />
      <Connect returnTo="/elsewhere" />
      <Connect connection="one" />
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
