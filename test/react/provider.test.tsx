import { render, screen } from '@testing-library/react'
import { useAuthorizationCallback, useAuthorize, useClient, useConnection, useConnections } from 'countersign'
import { expect, test, vi } from 'vitest'
import { openBank, openVisit } from '../support/bank.js'
import { renderWith } from '../support/render.js'

test.each([
  ['useClient', () => useClient()],
  ['useAuthorizationCallback', () => useAuthorizationCallback()],
  ['useAuthorize', () => useAuthorize('bank')],
  ['useConnection', () => useConnection('bank')],
  ['useConnections', () => useConnections()],
])('%s says what to do when there is no client', (_name, useHook) => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  function Reader() {
    useHook()
    return null
  }
  expect(() => render(<Reader />)).toThrow(
    'There is no countersign client here: wrap this component in <CountersignProvider client={…}>, or give the hook { client }.',
  )
})

test('the nearest provider’s client is used, unless the hook is given another', async () => {
  const outer = openBank().client
  const connected = openVisit()
  await connected.approve('bank')
  const inner = connected.client
  function Reader({ name, client }: { readonly name: string; readonly client?: typeof outer }) {
    const found = useClient(client && { client })
    const { status } = useAuthorizationCallback(client && { client })
    return <p data-testid={name}>{`${found === (outer as object) ? 'outer' : 'inner'} ${status}`}</p>
  }
  renderWith(
    outer,
    <>
      <Reader name="a" />
      <Reader name="b" client={inner} />
    </>,
  )
  expect(screen.getByTestId('a').textContent).toBe('outer none')
  expect(screen.getByTestId('b').textContent).toBe('inner connected')
})
