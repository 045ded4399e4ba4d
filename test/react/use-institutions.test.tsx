import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorize, useInstitutions, type Client } from 'countersign'
import { moneyhub } from 'countersign/providers'
import { fakeBank } from 'countersign/testing'
import { useState } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { renderWith } from '../support/render.js'
import { eventually } from '../support/until.js'

const providers = { moneyhub: moneyhub({ clientId: '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4' }) }
type App = Client<typeof providers>

const open = () => fakeBank({ subject: 'robin', backend: '/connect', providers })

/** What was searched for, `undefined` where it was nothing. */
const searches = ({ requests }: ReturnType<typeof open>) =>
  requests
    .filter(({ from, url }) => from === 'page' && url.endsWith('/connect/moneyhub/institutions'))
    .map(({ parameters }) => parameters['query'])

function Picker({ client }: { readonly client: App }) {
  const [query, setQuery] = useState('')
  const state = useInstitutions('moneyhub', { client, query })
  const { authorize } = useAuthorize('moneyhub', {}, { client })
  return (
    <>
      <output>{state.status}</output>
      <input aria-label="Search" value={query} onChange={(event) => setQuery(event.target.value)} />
      {state.institutions.map(({ id, name, input }) => (
        <button key={id} onClick={() => authorize(input)}>
          {name}
        </button>
      ))}
      {state.status === 'failed' && <button onClick={state.retry}>Again</button>}
    </>
  )
}

const shown = () => screen.getAllByRole('button').map(({ textContent }) => textContent)
const all = ['Old Quay Building Society', 'Pennyhill Bank']

test('shows the banks, those that a query finds, and goes to the one that is chosen', async () => {
  const bank = open()
  renderWith(bank.client, <Picker client={bank.client} />)
  await screen.findByText('Pennyhill Bank')
  expect(shown()).toEqual(all)
  const seconds = 600
  bank.delay(seconds * 1000)
  await userEvent.click(screen.getByLabelText('Search'))
  await userEvent.paste('penny')
  await eventually(async () => {
    await bank.advance(1)
    expect(searches(bank)).toEqual([undefined, 'penny'])
  })
  // The list before stays while the next one is on its way.
  expect(shown()).toEqual(all)
  bank.delay(0)
  await bank.advance(seconds)
  await eventually(() => expect(shown()).toEqual(['Pennyhill Bank']))
  await userEvent.click(screen.getByText('Pennyhill Bank'))
  expect((await bank.arrival('moneyhub')).scope).toContain('id:5a40f3c61b7d4d2a9e8be0c7d1f26b93')
})

test('shows that the list could not be had, and gets it by retry', async () => {
  const bank = open()
  bank.offline()
  renderWith(bank.client, <Picker client={bank.client} />)
  await screen.findByText('failed')
  bank.offline(false)
  await userEvent.click(screen.getByText('Again'))
  await screen.findByText('Pennyhill Bank')
  expect(screen.getByRole('status').textContent).toBe('ready')
})

test('renders as loading on a server, which asks for nothing', async () => {
  const bank = open()
  expect(renderToString(<Picker client={bank.client} />)).toContain('loading')
  await bank.settled()
  expect(searches(bank)).toEqual([])
})
