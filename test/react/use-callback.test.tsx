import { act, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorizationCallback, useCallback } from 'countersign'
import { HttpResponse } from 'msw'
import { lazy, Suspense } from 'react'
import { expect, test } from 'vitest'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { renderWith } from '../support/render.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

function Status({ name = 'status' }: { readonly name?: string }) {
  const callback = useAuthorizationCallback()
  return <p data-testid={name}>{callback.status}</p>
}

const shown = (name = 'status') => screen.getByTestId(name).textContent

test('has two names', () => {
  expect(useAuthorizationCallback).toBe(useCallback)
})

test('shows what becomes of the response, with one token request for any number of readers', async () => {
  const scene = createScene(network)
  const { client } = scene.open(await scene.consent())
  renderWith(
    client,
    <>
      <Status />
      <Status name="second" />
    </>,
  )
  expect([shown(), shown('second')]).toEqual(['pending', 'pending'])
  await act(() => until(client.callback, 'connected'))
  expect([shown(), shown('second')]).toEqual(['connected', 'connected'])
  expect(scene.server.requests.token).toHaveLength(1)
})

test('goes on while its reader unmounts, and shows the result to the next', async () => {
  const scene = createScene(network)
  const { client } = scene.open(await scene.consent())
  renderWith(client, <Status />).unmount()
  await until(client.callback, 'connected')
  renderWith(client, <Status />)
  expect(shown()).toBe('connected')
  expect(scene.server.requests.token).toHaveLength(1)
})

test('goes on beside a suspended child, and loses nothing for a lazy route', async () => {
  const scene = createScene(network)
  const { client, url } = scene.open(await scene.consent())
  let arrive = (_module: { default: typeof Status }): void => undefined
  const Lazy = lazy(() => new Promise<{ default: typeof Status }>((resolve) => (arrive = resolve)))
  renderWith(
    client,
    <Suspense fallback={<p>loading</p>}>
      <Lazy />
    </Suspense>,
  )
  await act(() => until(client.callback, 'connected'))
  expect(screen.queryByText('loading')).not.toBeNull()
  expect(new URL(url).search).toBe('')
  await act(async () => arrive({ default: Status }))
  expect(shown()).toBe('connected')
  expect(scene.server.requests.token).toHaveLength(1)
})

test('gives the same object for as long as nothing changes', async () => {
  const scene = createScene(network)
  const { client } = scene.open(await scene.consent())
  const seen = new Set<unknown>()
  function Reader() {
    const callback = useAuthorizationCallback()
    if (callback.status === 'connected') seen.add(callback)
    return null
  }
  const { rerender } = renderWith(client, <Reader />)
  await act(() => until(client.callback, 'connected'))
  rerender(<Reader />)
  rerender(<Reader />)
  expect(seen.size).toBe(1)
})

test('shows texts of the provider as text', async () => {
  const scene = createScene(network)
  const markup = '<img src=x onerror="document.title=1">'
  const url = await scene.consent({}, { error: 'access_denied', parameters: { error_description: markup } })
  const { client } = scene.open(url)
  function Denied() {
    const callback = useAuthorizationCallback()
    return <p>{callback.status === 'denied' ? callback.error.errorDescription : ''}</p>
  }
  renderWith(client, <Denied />)
  await act(() => until(client.callback, 'denied'))
  expect(screen.getByText(markup)).not.toBeNull()
  expect(document.querySelector('img')).toBeNull()
})

test('resumes from a click after the network was gone', async () => {
  const scene = createScene(network)
  scene.server.hostile.token = () => HttpResponse.error()
  const { client } = scene.open(await scene.consent())
  function Callback() {
    const callback = useAuthorizationCallback()
    return (
      <>
        <Status />
        {'resume' in callback && <button onClick={callback.resume}>Try again</button>}
      </>
    )
  }
  renderWith(client, <Callback />)
  await act(() => until(client.callback, 'failed'))
  delete scene.server.hostile.token
  await userEvent.click(screen.getByRole('button'))
  await act(() => until(client.callback, 'connected'))
  expect(shown()).toBe('connected')
  expect(screen.queryByRole('button')).toBeNull()
  expect(scene.server.requests.token).toHaveLength(2)
})

test('has nothing to tell on a page without a response', async () => {
  const { open } = createScene(network)
  renderWith(open('/callback/bank').client, <Status />)
  await act(settled)
  expect(shown()).toBe('none')
})
