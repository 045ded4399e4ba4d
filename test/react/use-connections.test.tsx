import { act, screen } from '@testing-library/react'
import { useConnections } from 'countersign'
import { expect, test, vi } from 'vitest'
import { createScene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { renderWith } from '../support/render.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

test('shows the connections of all providers, also one that another tab makes', async () => {
  const scene = createScene(network)
  const { client } = scene.open()
  function List() {
    const state = useConnections()
    return (
      <p>
        {state.status === 'ready' ? state.connections.map(({ provider }) => provider).join() : state.status}
      </p>
    )
  }
  const { container } = renderWith(client, <List />)
  expect(container.textContent).toBe('restoring')
  await act(() => until(client.connections, 'ready'))
  expect(container.textContent).toBe('')
  await act(async () => {
    await until(scene.open(await scene.consent()).client.callback, 'connected')
  })
  await screen.findByText('bank')
})

test('renders for what is selected only', async () => {
  const scene = createScene(network)
  const { client } = scene.open()
  await until(client.connections, 'ready')
  let renders = 0
  const isReady = (state: ReturnType<typeof client.connections.get>) => state.status === 'ready'
  function Reader() {
    renders++
    return <p>{String(useConnections({ client, select: isReady }))}</p>
  }
  renderWith(client, <Reader />)
  await act(settled)
  const before = renders
  await act(async () => {
    await until(scene.open(await scene.consent()).client.callback, 'connected')
    await vi.waitFor(() =>
      expect(client.connections.get()).toMatchObject({ connections: [{ provider: 'bank' }] }),
    )
  })
  expect(renders).toBe(before)
})

test('may select a list afresh each time without rendering for ever', async () => {
  const scene = createScene(network)
  const { client } = scene.open(await scene.consent())
  await until(client.callback, 'connected')
  let renders = 0
  function Reader() {
    renders++
    const ids = useConnections({
      select: (state) => (state.status === 'ready' ? state.connections.map(({ id }) => id) : []),
    })
    return <p>{ids.length}</p>
  }
  const { container } = renderWith(client, <Reader />)
  await act(settled)
  expect(container.textContent).toBe('1')
  expect(renders).toBeLessThan(5)
})
