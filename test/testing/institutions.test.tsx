import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { singleUser, useAuthorize, useAuthorizationCallback, useInstitutions, type Client } from 'countersign'
import { basis, moneyhub } from 'countersign/providers'
import { fakeBank, type FakeBankOptions } from 'countersign/testing'
import { StrictMode, useState } from 'react'
import { describe, expect, onTestFinished, test } from 'vitest'
import { until } from '../support/until.js'

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    moneyhub: moneyhub({ clientId: 'mh' }),
    basis: basis({
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      environment: 'development',
      api: 'https://api.development.usebasis.co/',
    }),
  },
} satisfies FakeBankOptions

const patience = { timeout: 20_000 }

type Name = keyof typeof options.providers

/** What each provider lists, what finds one of them, and the path and the query of the request for the list. */
const lists = {
  moneyhub: {
    names: ['Old Quay Building Society', 'Pennyhill Bank'],
    query: 'penny',
    found: { name: 'Pennyhill Bank', input: { bankId: '5a40f3c61b7d4d2a9e8be0c7d1f26b93' } },
  },
  basis: {
    names: ['Larkspur Business Online', 'Larkspur Commercial', 'Prairie Ledger'],
    query: 'comm',
    found: {
      name: 'Larkspur Commercial',
      group: 'Larkspur Bank',
      input: { platformId: '4f2cc69b-576d-4eef-8fde-c36f1841b434' },
    },
  },
} satisfies Record<Name, object>

describe.each(Object.keys(lists) as Name[])('the institutions of %s', (name) => {
  const { names, query, found } = lists[name]

  const open = () => {
    const bank = fakeBank(options)
    const find = async (text?: string) => {
      const store = bank.client.institutions(name, { query: text })
      onTestFinished(store.subscribe(() => undefined))
      return (await until(store, 'ready')).institutions
    }
    return { bank, find }
  }

  test('are a few samples', async () => {
    const { bank, find } = open()
    expect((await find()).map((one) => one.name)).toEqual(names)
    expect(bank.requestTo(name, 'api')).toMatchObject({ method: 'GET', status: 200 })
  })

  test('are searched, and one that is chosen is connected', async () => {
    const { bank, find } = open()
    const [chosen, ...others] = await find(query)
    expect(chosen).toMatchObject(found)
    expect(others).toEqual([])
    bank.client.authorization(name as 'moneyhub', chosen?.input as { bankId: string }).authorize()
    expect(await bank.approve(name)).toMatchObject({ status: 'connected', connection: { provider: name } })
  })
})

test('the public list of Moneyhub is as the test wants it, without a token', async () => {
  const asked: object[] = []
  const bank = fakeBank({
    ...options,
    api: {
      moneyhub(request) {
        asked.push(request)
        return request.path.endsWith('-connections') ? [{ id: 'larch', name: 'Larch Bank' }] : undefined
      },
    },
  })
  const store = bank.client.institutions('moneyhub')
  onTestFinished(store.subscribe(() => undefined))
  expect((await until(store, 'ready')).institutions).toMatchObject([{ name: 'Larch Bank' }])
  expect(asked).toMatchObject([{ method: 'GET', scope: [], accounts: undefined }])
})

test('the list of Basis is not for the token of a profile', async () => {
  const bank = fakeBank(options)
  bank.client.authorization('basis', { platformId: lists.basis.found.input.platformId }).authorize()
  await bank.approve('basis')
  const tokens = await until(bank.client.tokens('basis'), 'connected')
  expect((await tokens.fetch('institutions')).status).toBe(403)
})

function Picker({ client }: { readonly client: Client<typeof options.providers> }) {
  const [query, setQuery] = useState('')
  const { institutions } = useInstitutions('moneyhub', { client, query })
  const { authorize } = useAuthorize('moneyhub', {}, { client })
  const { status } = useAuthorizationCallback({ client })
  return (
    <>
      <output>{status}</output>
      <input aria-label="Search" value={query} onChange={(event) => setQuery(event.target.value)} />
      {institutions.map(({ id, name, input }) => (
        <button key={id} onClick={() => authorize(input)}>
          {name}
        </button>
      ))}
    </>
  )
}

test('a component lets the person search a bank and choose it', async () => {
  const bank = fakeBank(options)
  render(
    <StrictMode>
      <Picker client={bank.client} />
    </StrictMode>,
  )
  await screen.findByText('Old Quay Building Society', {}, patience)
  await userEvent.type(screen.getByLabelText('Search'), 'penny')
  await userEvent.click(await screen.findByText('Pennyhill Bank', {}, patience))
  const { scope } = await bank.arrival('moneyhub')
  expect(scope).toContain('id:5a40f3c61b7d4d2a9e8be0c7d1f26b93')
  await bank.approve('moneyhub')
  expect(screen.getByRole('status').textContent).toBe('connected')
})
