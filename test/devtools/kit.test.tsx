// The devtools on the client of the testing kit, in whose tests and stories pages come and go in memory.
import { act, fireEvent, render, screen, within } from '@testing-library/react'
import { CountersignProvider, useConnections, type AnyClient } from 'countersign'
import { CountersignDevtools, inspect } from 'countersign/devtools'
import { StrictMode } from 'react'
import { expect, test } from 'vitest'
import { inspectionOf } from '../../src/devtools/inspect.js'
import { openBank } from '../support/bank.js'
import { until } from '../support/until.js'
import { eventsOf, flowsIn, kindsOf } from './support/watch.js'

const kinds = ['metadata', 'prepared', 'left', 'at_provider', 'returned', 'keys', 'redeemed', 'stored']

test('a flow of the kit is followed over the redirect, from the click to the stored connection', async () => {
  const bank = openBank()
  inspect(bank.client)
  bank.client.authorization('bank').authorize()
  await bank.approve('bank')
  const inspection = inspectionOf(bank.client)
  await eventsOf(inspection, 'redeemed')
  const [flow, ...others] = flowsIn(inspection)
  expect(others).toEqual([])
  expect(flow).toMatchObject({ provider: 'bank', mode: 'browser', status: 'connected' })
  expect(kindsOf(flow)).toEqual(kinds)
})

test('each page is watched from its beginning, also one that is loaded again', async () => {
  const bank = openBank({ connected: { mediated: {} } })
  inspect(bank.client)
  await bank.reload()
  await bank.reload()
  const tokens = await until(bank.client.tokens('mediated'), 'connected')
  const token = await tokens.getAccessToken()
  const { log } = inspectionOf(bank.client)
  await eventsOf(inspectionOf(bank.client), 'refresh')
  expect(JSON.stringify(log.get())).not.toContain(token)
})

test('nobody sees how the connections that a test begins with came about', async () => {
  const bank = openBank({ connected: { bank: {}, mediated: {} } })
  inspect(bank.client)
  await bank.settled()
  const inspection = inspectionOf(bank.client)
  expect(flowsIn(inspection)).toEqual([])
  bank.client.authorization('mediated').authorize()
  await bank.approve('mediated')
  await eventsOf(inspection, 'redeemed')
  expect(flowsIn(inspection)).toMatchObject([{ provider: 'mediated' }])
})

test('two banks share no log', async () => {
  const [one, other] = [openBank(), openBank()]
  inspect(one.client)
  inspect(other.client)
  one.client.authorization('bank').authorize()
  await one.approve('bank')
  await eventsOf(inspectionOf(one.client), 'redeemed')
  expect(flowsIn(inspectionOf(one.client))).toHaveLength(1)
  expect(flowsIn(inspectionOf(other.client))).toEqual([])
})

function App({ client }: { readonly client: AnyClient }) {
  return (
    <StrictMode>
      <CountersignProvider client={client}>
        <Count />
        <CountersignDevtools />
      </CountersignProvider>
    </StrictMode>
  )
}

function Count() {
  return <p>{useConnections().connections?.length ?? 0} connected</p>
}

test('the panel stays open while the person is at the bank, and shows the flow', async () => {
  const bank = openBank()
  const { container } = render(<App client={bank.client} />)
  const panel = within(
    container.querySelector('[data-countersign-devtools]')!.shadowRoot!.querySelector('aside')!,
  )
  fireEvent.click(panel.getByRole('button', { name: 'Countersign' }))
  await panel.findByRole('tablist')
  act(() => {
    bank.client.authorization('bank').authorize()
  })
  await panel.findByRole('button', { name: /Left for the provider/ })
  await bank.approve('bank')
  await screen.findByText('1 connected')
  await panel.findByRole('button', { name: /Connection stored/ })
})
