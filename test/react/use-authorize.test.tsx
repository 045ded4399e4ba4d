import { act, screen, waitFor } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorizationCallback, useAuthorize, type UseAuthorizeResult } from 'countersign'
import { lazy, startTransition, Suspense } from 'react'
import { expect, test, vi } from 'vitest'
import { openBank } from '../support/bank.js'
import { renderWith } from '../support/render.js'

/** The address at which the app continues, when the person has come back. */
function ReturnTo() {
  const callback = useAuthorizationCallback()
  return 'returnTo' in callback ? <output>{callback.returnTo}</output> : null
}

const returnTo = () => screen.getByRole('status').textContent
const button = () => screen.getByRole('button')

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
  const bank = openBank()
  renderWith(bank.client, <Connect />)
  expect(button().textContent).toBe('idle')
  await userEvent.dblClick(button())
  await bank.arrival('bank')
  expect(bank.requestsTo('bank', 'authorization')).toHaveLength(1)
  expect(button().textContent).toBe('leaving')
  await bank.leave('bank')
  expect(button().textContent).toBe('idle')
})

test('leaves anew on the next click, when the page did not leave', async () => {
  const bank = openBank()
  renderWith(bank.client, <Connect />)
  for (const times of [1, 2]) {
    await userEvent.click(button())
    await waitFor(() => expect(bank.requestsTo('bank', 'authorization')).toHaveLength(times))
  }
})

test('a button that is disabled while the page leaves is live again when the page is still here', async () => {
  function Disabled() {
    const { authorize, status } = useAuthorize('bank')
    return <button onClick={authorize} disabled={status === 'leaving'} />
  }
  const bank = openBank()
  renderWith(bank.client, <Disabled />)
  await userEvent.click(button())
  await bank.arrival('bank')
  expect(button()).toHaveProperty('disabled', true)
  await bank.advance(10)
  expect(button()).toHaveProperty('disabled', false)
})

test('prepares when the pointer comes near', async () => {
  const bank = openBank()
  renderWith(bank.client, <Connect />)
  await userEvent.hover(button())
  await waitFor(() => expect(bank.requestsTo('bank', 'discovery')).toHaveLength(1))
  await bank.settled()
  expect(button().textContent).toBe('idle')
  await userEvent.click(button())
  await bank.arrival('bank')
  expect(bank.requestsTo('bank').map(({ endpoint }) => endpoint)).toEqual(['discovery', 'authorization'])
})

test('shows why nobody was sent away, and tries again', async () => {
  const bank = openBank()
  bank.offline()
  renderWith(bank.client, <Connect />)
  await userEvent.click(button())
  await screen.findByText('network_error')
  bank.offline(false)
  await userEvent.click(button())
  await bank.arrival('bank')
})

test.each([
  ['connected', (bank: ReturnType<typeof openBank>) => bank.approve('bank')],
  ['denied', (bank: ReturnType<typeof openBank>) => bank.deny('bank')],
  ['closed', (bank: ReturnType<typeof openBank>) => bank.leave('bank')],
])('shows that it waits for a popup, and then %s', async (status, end) => {
  const bank = openBank()
  function Popup() {
    const { authorize, status } = useAuthorize('bank', { display: 'popup' })
    return <button onClick={authorize}>{status}</button>
  }
  renderWith(bank.client, <Popup />)
  await userEvent.click(button())
  await screen.findByText('waiting')
  await end(bank)
  expect(button().textContent).toBe(status)
})

test('its functions never change, and its result only with the state', () => {
  const { client } = openBank()
  const seen: UseAuthorizeResult[] = []
  function Reader({ returnTo, connection }: { readonly returnTo: string; readonly connection?: string }) {
    seen.push(useAuthorize('bank', { returnTo, connection }))
    return null
  }
  const { rerender } = renderWith(client, <Reader returnTo="/a" />)
  rerender(<Reader returnTo="/a" />)
  rerender(<Reader returnTo="/b" />)
  expect(new Set(seen).size).toBeLessThanOrEqual(2) // StrictMode renders the first time twice
  rerender(<Reader returnTo="/b" connection="one" />)
  for (const name of ['authorize', 'authorizeAsync', 'prepare', 'prepareAsync'] as const)
    expect(new Set(seen.slice(1).map((result) => result[name])).size).toBe(1)
})

test('takes the input of what is on the screen, not of what was rendered first', async () => {
  const bank = openBank()
  const tree = (path: string) => (
    <>
      <Connect returnTo={path} />
      <ReturnTo />
    </>
  )
  const { rerender } = renderWith(bank.client, tree('/first'))
  rerender(tree('/second'))
  await userEvent.click(button())
  await bank.approve('bank')
  expect(returnTo()).toBe('/second')
})

test('takes no input of a rendering that React has thrown away', async () => {
  const bank = openBank()
  const Never = lazy(() => new Promise<never>(() => undefined))
  function Suspending({ returnTo, suspended }: { readonly returnTo: string; readonly suspended: boolean }) {
    const { authorize } = useAuthorize('bank', { returnTo })
    return suspended ? <Never /> : <button onClick={authorize} />
  }
  const tree = (suspended: boolean) => (
    <>
      <Suspense>
        <Suspending returnTo={suspended ? '/thrown-away' : '/on-the-screen'} suspended={suspended} />
      </Suspense>
      <ReturnTo />
    </>
  )
  const { rerender } = renderWith(bank.client, tree(false))
  act(() => {
    startTransition(() => {
      rerender(tree(true))
    })
  })
  await userEvent.click(button())
  await bank.approve('bank')
  expect(returnTo()).toBe('/on-the-screen')
})

test('one hook connects any bank of a list: what is chosen is known at the click', async () => {
  const bank = openBank()
  function List() {
    const { authorize } = useAuthorize('bank', { returnTo: '/accounts' })
    return ['openid', 'openid accounts'].map((scope) => (
      <button key={scope} onClick={() => authorize({ scope })}>
        {scope}
      </button>
    ))
  }
  renderWith(bank.client, <List />)
  await userEvent.click(screen.getByText('openid accounts'))
  expect(await bank.arrival('bank')).toMatchObject({ scope: ['openid', 'accounts'] })
  expect(await bank.approve('bank')).toMatchObject({ returnTo: '/accounts' })
})

test('an input that is another one at every rendering keeps its state and its failure', async () => {
  const bank = openBank()
  bank.offline()
  let now = 0
  function Unstable() {
    const { authorize, prepare, error, status } = useAuthorize('bank', { returnTo: `/?now=${String(now++)}` })
    return (
      <button onPointerEnter={prepare} onClick={authorize}>
        {error?.code ?? status}
      </button>
    )
  }
  const { rerender } = renderWith(bank.client, <Unstable />)
  await userEvent.click(button())
  await screen.findByText('network_error')
  rerender(<Unstable />)
  expect(button().textContent).toBe('network_error')
})

test('a mistake of the application is reported, as an error of a handler is', async () => {
  const reported = vi.fn()
  vi.stubGlobal('reportError', reported)
  const bank = openBank()
  const unstorable: object = { done: () => undefined }
  function Mistaken() {
    const { authorize } = useAuthorize('bank', unstorable)
    return <button onClick={authorize} />
  }
  renderWith(bank.client, <Mistaken />)
  await userEvent.click(button())
  await waitFor(() => expect(reported).toHaveBeenCalledTimes(1))
  expect(bank.requestsTo('bank', 'authorization')).toEqual([])
})

test('buttons for the same connection share its state, whatever else they ask', async () => {
  const bank = openBank()
  renderWith(
    bank.client,
    <>
      <Connect />
      <Connect returnTo="/elsewhere" />
      <Connect connection="one" />
    </>,
  )
  await userEvent.click(screen.getAllByRole('button')[0]!)
  await bank.arrival('bank')
  const texts = screen.getAllByRole('button').map(({ textContent }) => textContent)
  expect(texts).toEqual(['leaving', 'leaving', 'idle'])
})

test('goes on while the button unmounts', async () => {
  const bank = openBank()
  const { unmount } = renderWith(bank.client, <Connect />)
  await userEvent.click(button())
  unmount()
  expect(await bank.approve('bank')).toMatchObject({ status: 'connected', returnTo: '/accounts' })
})
