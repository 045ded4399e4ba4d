import { act, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import {
  CountersignError,
  singleUser,
  type ClientOptions,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
  useConnections,
  type Client,
} from 'countersign'
import { oidc, stitch } from 'countersign/providers'
import { createTestClient, fakeBank, type TestClient, type TestStates } from 'countersign/testing'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import { renderWith } from '../support/render.js'

const bank = oidc({ issuer: 'https://as.example', clientId: 'client-1', scope: 'openid', details: ['name'] })
const options = {
  subject: singleUser,
  backend: '/connect',
  providers: { bank, stitch: stitch({ clientId: 'test-1', scope: 'openid accounts' }) },
} satisfies ClientOptions

type Providers = (typeof options)['providers']
type App = Client<Providers>
type States = TestStates<Providers>

const clientOf = (states: States): TestClient<Providers> => createTestClient<App>(states)

function Bank({ client }: { readonly client: App }) {
  const bank = useConnection('bank', { client })
  const { authorize, status } = useAuthorize('bank', { returnTo: '/here' }, { client })
  const callback = useAuthorizationCallback({ client })
  const [answer, setAnswer] = useState('')
  const load = async () =>
    bank.status === 'connected' && setAnswer(await (await bank.fetch('accounts')).text())
  return (
    <>
      <output>{[bank.status, callback.status, status].join(' ')}</output>
      {'connection' in bank && <p>{bank.connection.details.name as string}</p>}
      <p>{answer}</p>
      <button onClick={authorize}>Connect</button>
      {bank.status === 'connected' && <button onClick={() => void bank.disconnect()}>Disconnect</button>}
      <button onClick={() => void load()}>Load</button>
      {'resume' in callback && <button onClick={callback.resume}>Resume</button>}
      {'restart' in callback && <button onClick={callback.restart}>Restart</button>}
    </>
  )
}

const shown = () => screen.getByRole('status').textContent

test('is a client of the app, as far as types go', () => {
  const client: App = clientOf({})
  expect(Object.keys(client)).toEqual(expect.arrayContaining(Object.keys(fakeBank(options).client)))
})

test('shows nothing but what it is given', () => {
  const client = clientOf({})
  renderWith(client, <Bank client={client} />)
  expect(shown()).toBe('disconnected none idle')
})

test('shows a connection, answers its requests and forgets it', async () => {
  const client = clientOf({
    tokens: {
      bank: { status: 'connected', connection: { details: { name: 'Ada' } }, fetch: (path) => ({ path }) },
    },
  })
  renderWith(client, <Bank client={client} />)
  expect(shown()).toBe('connected none idle')
  expect(screen.getByText('Ada')).not.toBeNull()
  await userEvent.click(screen.getByText('Load'))
  await screen.findByText('{"path":"accounts"}')
  await userEvent.click(screen.getByText('Disconnect'))
  expect(shown()).toBe('disconnected none idle')
  expect(client.calls).toEqual([
    { method: 'fetch', provider: 'bank', path: 'accounts' },
    { method: 'disconnect', provider: 'bank' },
  ])
})

test('notes what a click asks for', async () => {
  const client = clientOf({})
  renderWith(client, <Bank client={client} />)
  await userEvent.click(screen.getByText('Connect'))
  expect(client.calls).toEqual([{ method: 'authorize', provider: 'bank', input: { returnTo: '/here' } }])
  expect(shown()).toBe('disconnected none leaving')
})

test('shows other states when it is told', () => {
  const client = clientOf({ tokens: { bank: { status: 'restoring' } } })
  renderWith(client, <Bank client={client} />)
  expect(shown()).toBe('restoring none idle')
  act(() => client.set({ callback: { status: 'pending' } }))
  expect(shown()).toBe('restoring pending idle')
  act(() =>
    client.set({
      tokens: { bank: { status: 'sign_in_required' } },
      authorizations: { bank: { status: 'waiting' } },
    }),
  )
  expect(shown()).toBe('sign_in_required pending waiting')
})

test.each<[NonNullable<States['callback']>, string[]]>([
  [{ status: 'cancelled', provider: 'bank' }, ['Restart']],
  [{ status: 'sign_in_required', provider: 'bank' }, ['Resume']],
  [{ status: 'failed', error: new CountersignError('network_error', 'No answer.') }, []],
])('a callback that is %j has the functions that the client gives it', async (callback, names) => {
  const client = clientOf({ callback })
  renderWith(client, <Bank client={client} />)
  const found = screen.queryAllByText(/^Re/)
  expect(found.map(({ textContent }) => textContent)).toEqual(names)
  for (const button of found) await userEvent.click(button)
  expect(client.calls.map(({ method }) => method)).toEqual(names.map((name) => name.toLowerCase()))
})

test('a callback that failed has those that it is given', async () => {
  const resume = vi.fn()
  const error = new CountersignError('network_error', 'No answer.')
  const client = clientOf({ callback: { status: 'failed', error, resume } })
  renderWith(client, <Bank client={client} />)
  await userEvent.click(screen.getByText('Resume'))
  expect(resume).toHaveBeenCalledTimes(1)
})

test('lists the connections that there are tokens of, unless it is given a list', () => {
  const client = clientOf({
    tokens: { bank: { status: 'connected' }, stitch: { status: 'reauthorization_required' } },
  })
  function List() {
    const { connections = [], status } = useConnections({ client })
    return (
      <output>
        {[status, ...connections.map(({ provider, status }) => `${provider}:${status}`)].join(' ')}
      </output>
    )
  }
  render(<List />)
  expect(shown()).toBe('ready bank:connected stitch:reauthorization_required')
  act(() => client.set({ connections: [{ provider: 'stitch', id: 'another' }] }))
  expect(shown()).toBe('ready stitch:connected')
  act(() => client.set({ connections: { status: 'restoring' } }))
  expect(shown()).toBe('restoring')
})
