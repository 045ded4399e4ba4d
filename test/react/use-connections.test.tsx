import { act, screen } from '@testing-library/react'
import { useConnections, type ConnectionsState, type UseConnectionsResult } from 'countersign'
import { useEffect } from 'react'
import { expect, test } from 'vitest'
import { openBank } from '../support/bank.js'
import { renderWith } from '../support/render.js'
import { eventually } from '../support/until.js'

const connected = { connected: { bank: {} } }

/** Another tab connects. */
async function connectElsewhere(bank: ReturnType<typeof openBank>) {
  bank.otherTab().client.authorization('mediated').authorize()
  await bank.approve('mediated')
  await bank.settled()
}

test('shows the connections of all providers, also one that another tab makes', async () => {
  const bank = openBank()
  function List() {
    const state = useConnections()
    return (
      <p>
        {state.status === 'ready' ? state.connections.map(({ provider }) => provider).join() : state.status}
      </p>
    )
  }
  const { container } = renderWith(bank.client, <List />)
  expect(container.textContent).toBe('restoring')
  await bank.settled()
  expect(container.textContent).toBe('')
  await connectElsewhere(bank)
  expect(container.textContent).toBe('mediated')
})

test.each<[ConnectionsState['status'], () => Parameters<typeof openBank>[0]]>([
  ['ready', () => connected],
  ['sign_in_required', () => ({ subject: null })],
  ['failed', () => ({ subject: Promise.reject(new Error('no answer')) })],
])('shows %s', async (status, more) => {
  const bank = openBank(more())
  function Reader() {
    return <p>{useConnections().status}</p>
  }
  renderWith(bank.client, <Reader />)
  await screen.findByText(status)
})

test('shows an attempt from which nobody came back, begins it again and forgets it', async () => {
  const bank = openBank()
  function Attempts() {
    const { abandoned = [] } = useConnections()
    return abandoned.map(({ id, provider, restart }) => (
      <button key={id} onClick={restart}>
        {provider}
      </button>
    ))
  }
  bank.client.authorization('bank').authorize()
  await bank.arrival('bank')
  await bank.advance(1000)
  await bank.reload()
  renderWith(bank.client, <Attempts />)
  const button = await screen.findByRole('button', { name: 'bank' })
  act(() => button.click())
  expect(await bank.approve('bank')).toMatchObject({ status: 'connected' })
  expect(screen.queryAllByRole('button')).toEqual([])
})

test('renders for what is selected only', async () => {
  const bank = openBank()
  await bank.settled()
  let renders = 0
  const isReady = (state: ConnectionsState) => state.status === 'ready'
  function Reader() {
    renders++
    return <p>{String(useConnections({ client: bank.client, select: isReady }))}</p>
  }
  renderWith(bank.client, <Reader />)
  await screen.findByText('true')
  const before = renders
  await connectElsewhere(bank)
  expect(bank.client.connections.get()).toMatchObject({ connections: [{ provider: 'mediated' }] })
  expect(renders).toBe(before)
})

/** Every selection that a component has shown. */
async function shown(useSelection: () => unknown) {
  const bank = openBank({ subject: 'anna', ...connected })
  await bank.settled()
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
  const { rerender } = renderWith(bank.client, <Reader />)
  await bank.settled()
  for (let time = 0; time < 3; time++) rerender(<Reader />)
  expect(renders).toBeLessThan(12)
  return { seen, bank }
}

test.each<[string, (state: ConnectionsState) => unknown]>([
  ['a list', (state) => (state.status === 'ready' ? state.connections.map(({ id }) => id) : [])],
  ['an object', ({ status }) => ({ status })],
])(
  'keeps %s that an inline select makes anew at every rendering, for as long as it is equal',
  async (_, select) => {
    const { seen } = await shown(() => useConnections({ select: (state) => select(state) }))
    expect(seen.length).toBeGreaterThan(3)
    expect(new Set(seen).size).toBe(1)
  },
)

test('keeps a selection that isEqual takes for the same', async () => {
  const nested = (state: ConnectionsState) => ({ of: { status: state.status } })
  const kept = await shown(() =>
    useConnections({
      select: (state) => nested(state),
      isEqual: (previous, next) => previous.of.status === next.of.status,
    }),
  )
  expect(new Set(kept.seen).size).toBe(1)
  // Only the members themselves are compared by default.
  const made = await shown(() => useConnections({ select: (state) => nested(state) }))
  expect(new Set(made.seen).size).toBeGreaterThan(1)
})

test('selects by what is on the screen: a select that closes over a property shows the present one', async () => {
  const { client, settled } = openBank()
  await settled()
  function Reader({ word }: { readonly word: string }) {
    return <p>{useConnections({ select: ({ status }) => ({ text: `${word} ${status}` }) }).text}</p>
  }
  const { container, rerender } = renderWith(client, <Reader word="is" />)
  rerender(<Reader word="was" />)
  expect(container.textContent).toBe('was ready')
})

test('gives the state and the way to bring it up to date, as one object until it changes', async () => {
  const { seen, bank } = await shown(() => useConnections())
  expect(new Set(seen).size).toBe(1)
  const { status, connections, refresh, refreshAsync } = seen[0] as UseConnectionsResult
  expect({ status, connections, refresh, refreshAsync }).toEqual({
    status: 'ready',
    connections: [expect.objectContaining({ provider: 'bank' })],
    refresh: bank.client.connections.refresh,
    refreshAsync: bank.client.connections.refreshAsync,
  })
  // On another device: this browser is not told.
  await connectElsewhere(bank)
  refresh()
  await eventually(async () => {
    await bank.settled()
    expect(seen.at(-1)).toMatchObject({ connections: [{ provider: 'bank' }, { provider: 'mediated' }] })
  })
})
