import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorizationCallback, useCallback, type CallbackState } from 'countersign'
import type { FakeBank } from 'countersign/testing'
import { lazy, Suspense } from 'react'
import { expect, test } from 'vitest'
import { openBank, openVisit } from '../support/bank.js'
import { renderWith } from '../support/render.js'

function Callback({ name = 'status' }: { readonly name?: string }) {
  const callback = useAuthorizationCallback()
  return (
    <>
      <p data-testid={name}>{callback.status}</p>
      {'error' in callback && <output>{callback.error.message}</output>}
      {'resume' in callback && <button onClick={callback.resume}>Resume</button>}
      {'restart' in callback && <button onClick={callback.restart}>Restart</button>}
    </>
  )
}

const shown = (name = 'status') => screen.getByTestId(name).textContent
const buttons = () => screen.queryAllByRole('button').map(({ textContent }) => textContent)

test('has two names', () => {
  expect(useAuthorizationCallback).toBe(useCallback)
})

test.each<[CallbackState['status'], string[], (bank: FakeBank) => Promise<unknown>]>([
  ['none', [], (bank) => bank.leave('bank')],
  ['connected', [], (bank) => bank.approve('bank')],
  ['denied', ['Restart'], (bank) => bank.deny('bank')],
  ['failed', ['Restart'], (bank) => bank.fail('bank', 'server_error')],
])('shows %s, and with it %j', async (status, actions, end) => {
  const bank = openVisit()
  renderWith(bank.client, <Callback />)
  await end(bank as unknown as FakeBank)
  expect([shown(), buttons()]).toEqual([status, actions])
})

test('shows pending meanwhile, with one token request for any number of readers', async () => {
  const bank = openVisit()
  await bank.arrival('bank')
  bank.delay(50)
  renderWith(
    bank.client,
    <>
      <Callback />
      <Callback name="second" />
    </>,
  )
  const outcome = bank.approve('bank')
  await screen.findAllByText('pending')
  expect([shown(), shown('second')]).toEqual(['pending', 'pending'])
  await outcome
  expect([shown(), shown('second')]).toEqual(['connected', 'connected'])
  expect(bank.requestsTo('bank', 'token')).toHaveLength(1)
})

test('goes on while its reader unmounts, and shows the result to the next', async () => {
  const bank = openVisit()
  await bank.arrival('bank')
  bank.delay(50)
  const { unmount } = renderWith(bank.client, <Callback />)
  const outcome = bank.approve('bank')
  await screen.findByText('pending')
  unmount()
  await outcome
  renderWith(bank.client, <Callback />)
  expect(shown()).toBe('connected')
  expect(bank.requestsTo('bank', 'token')).toHaveLength(1)
})

test('goes on beside a suspended child, and loses nothing for a lazy route', async () => {
  const bank = openVisit()
  let arrive = (_module: { default: typeof Callback }): void => undefined
  const Lazy = lazy(() => new Promise<{ default: typeof Callback }>((resolve) => (arrive = resolve)))
  renderWith(
    bank.client,
    <Suspense fallback={<p>loading</p>}>
      <Lazy />
    </Suspense>,
  )
  await bank.approve('bank')
  expect(screen.queryByText('loading')).not.toBeNull()
  expect(new URL(bank.url).search).toBe('')
  arrive({ default: Callback })
  await screen.findByText('connected')
  expect(bank.requestsTo('bank', 'token')).toHaveLength(1)
})

test('gives the same object for as long as nothing changes', async () => {
  const bank = openVisit()
  const seen = new Set<unknown>()
  function Reader() {
    const callback = useAuthorizationCallback()
    if (callback.status === 'connected') seen.add(callback)
    return null
  }
  const { rerender } = renderWith(bank.client, <Reader />)
  await bank.approve('bank')
  rerender(<Reader />)
  rerender(<Reader />)
  expect(seen.size).toBe(1)
})

test('shows texts of the provider as text', async () => {
  const markup = '<img src=x onerror="document.title=1">'
  const bank = openVisit()
  function Denied() {
    const callback = useAuthorizationCallback()
    return <p>{callback.status === 'denied' ? callback.error.errorDescription : ''}</p>
  }
  renderWith(bank.client, <Denied />)
  await bank.fail('bank', 'access_denied', markup)
  expect(screen.getByText(markup)).not.toBeNull()
  expect(document.querySelector('img')).toBeNull()
})

test('resumes from a click after the network was gone', async () => {
  const bank = openVisit()
  renderWith(bank.client, <Callback />)
  await bank.arrival('bank')
  bank.offline()
  await bank.approve('bank')
  expect(buttons()).toEqual(['Resume'])
  bank.offline(false)
  await userEvent.click(screen.getByText('Resume'))
  await screen.findByText('connected')
  expect(buttons()).toEqual([])
})

test('begins anew from a click, with what was asked before', async () => {
  const bank = openVisit()
  renderWith(bank.client, <Callback />)
  await bank.deny('bank')
  await userEvent.click(screen.getByText('Restart'))
  expect(await bank.approve('bank')).toMatchObject({ status: 'connected', returnTo: '/accounts' })
  expect(shown()).toBe('connected')
})

test('asks the person to sign in to the app where its session has ended meanwhile, and goes on then', async () => {
  const bank = openBank({ subject: 'anna' })
  bank.client.authorization('mediated').authorize()
  renderWith(bank.client, <Callback />)
  await bank.arrival('mediated')
  bank.signOut()
  await bank.approve('mediated')
  expect([shown(), buttons()]).toEqual(['sign_in_required', ['Resume']])
  bank.signIn()
  await userEvent.click(screen.getByText('Resume'))
  await screen.findByText('connected')
})

test('renders in a tree of its own as well', () => {
  const bank = openBank()
  function Reader() {
    return <p>{useAuthorizationCallback({ client: bank.client }).status}</p>
  }
  expect(render(<Reader />).container.textContent).toBe('none')
})
