import { act, screen } from '@testing-library/react'
import { useConnections, type ConnectionsState, type UseConnectionsResult } from 'countersign'
import { useEffect } from 'react'
import { expect, test, vi } from 'vitest'
import { createScene, type Scene } from '../support/app.js'
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

/** Every selection that a component has shown. */
async function shown(scene: Scene, useSelection: () => unknown) {
  const { client } = scene.open(await scene.consent())
  await until(client.callback, 'connected')
  const seen: unknown[] = []
  let renders = 0
  function Reader() {
    renders++
    const selection = useSelection()
    useEffect(() => {
      seen.push(selection)
    })
    return null
  }
  const { rerender } = renderWith(client, <Reader />)
  await act(settled)
  for (let time = 0; time < 3; time++) rerender(<Reader />)
  expect(renders).toBeLessThan(12)
  return { seen, client, settle: () => act(settled) }
}

test.each<[string, (state: ConnectionsState) => unknown]>([
  ['a list', (state) => (state.status === 'ready' ? state.connections.map(({ id }) => id) : [])],
  ['an object', ({ status }) => ({ status })],
])(
  'keeps %s that an inline select makes anew at every rendering, for as long as it is equal',
  async (_, select) => {
    const { seen } = await shown(createScene(network), () =>
      useConnections({ select: (state) => select(state) }),
    )
    expect(seen.length).toBeGreaterThan(3)
    expect(new Set(seen).size).toBe(1)
  },
)

test('keeps a selection that isEqual takes for the same', async () => {
  const nested = (state: ConnectionsState) => ({ of: { status: state.status } })
  const scene = createScene(network)
  const kept = await shown(scene, () =>
    useConnections({
      select: (state) => nested(state),
      isEqual: (previous, next) => previous.of.status === next.of.status,
    }),
  )
  expect(new Set(kept.seen).size).toBe(1)
  // Only the members themselves are compared by default.
  const made = await shown(scene, () => useConnections({ select: (state) => nested(state) }))
  expect(new Set(made.seen).size).toBeGreaterThan(1)
})

test('selects by what is on the screen: a select that closes over a property shows the present one', async () => {
  const { client } = createScene(network).open()
  await until(client.connections, 'ready')
  function Reader({ word }: { readonly word: string }) {
    return <p>{useConnections({ select: ({ status }) => ({ text: `${word} ${status}` }) }).text}</p>
  }
  const { container, rerender } = renderWith(client, <Reader word="is" />)
  rerender(<Reader word="was" />)
  expect(container.textContent).toBe('was ready')
})

test('gives the state and the way to bring it up to date, as one object until it changes', async () => {
  const scene = createScene(network, { subject: 'anna' })
  const { seen, client, settle } = await shown(scene, () => useConnections())
  expect(new Set(seen).size).toBe(1)
  const { status, connections, refresh, refreshAsync } = seen[0] as UseConnectionsResult
  expect({ status, connections, refresh, refreshAsync }).toEqual({
    status: 'ready',
    connections: [expect.objectContaining({ provider: 'bank' })],
    refresh: client.connections.refresh,
    refreshAsync: client.connections.refreshAsync,
  })
  scene.backend.connections.set('elsewhere', {
    id: 'elsewhere',
    provider: 'mediated',
    status: 'connected',
    scope: '',
    missing_scope: '',
    created_at: scene.browser.clock.now() + 1,
    details: {},
  })
  refresh()
  await vi.waitFor(async () => {
    await settle()
    expect(seen.at(-1)).toMatchObject({ connections: [{ provider: 'bank' }, { id: 'elsewhere' }] })
  })
})
