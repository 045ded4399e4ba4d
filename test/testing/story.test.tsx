import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import {
  CountersignProvider,
  singleUser,
  type ClientOptions,
  useAuthorizationCallback,
  useAuthorize,
  useConnection,
} from 'countersign'
import { oidc } from 'countersign/providers'
import { fakeBank } from 'countersign/testing'
import { StrictMode, useEffect, useState } from 'react'
import { expect, test, vi } from 'vitest'

const options = {
  subject: singleUser,
  providers: {
    bank: oidc({
      issuer: 'https://as.example',
      clientId: 'client-1',
      scope: 'openid accounts offline_access',
      api: 'https://as.example/v1',
    }),
  },
} satisfies ClientOptions

function Accounts() {
  const bank = useConnection('bank')
  const { authorize } = useAuthorize('bank')
  const callback = useAuthorizationCallback()
  const [names, setNames] = useState<readonly string[]>([])
  const isConnected = bank.status === 'connected'
  const fetchOfBank = isConnected ? bank.fetch : undefined
  useEffect(() => {
    void fetchOfBank?.('accounts')
      .then((response) => response.json())
      .then(({ accounts }: { accounts: { name: string }[] }) => setNames(accounts.map(({ name }) => name)))
  }, [fetchOfBank])
  return (
    <>
      <output>{callback.status}</output>
      {isConnected ? <p>{names.join(', ')}</p> : <button onClick={authorize}>Connect your bank</button>}
    </>
  )
}

test('connects a bank', async () => {
  const log = vi.spyOn(console, 'error')
  const bank = fakeBank(options)
  render(
    <StrictMode>
      <CountersignProvider client={bank.client as never}>
        <Accounts />
      </CountersignProvider>
    </StrictMode>,
  )
  await userEvent.click(screen.getByText('Connect your bank'))
  const outcome = await bank.approve('bank', { accounts: [{ name: 'Giro' }] })
  expect(outcome).toMatchObject({ status: 'connected' })
  await screen.findByText('Giro')
  expect(screen.getByRole('status').textContent).toBe('connected')
  expect(log.mock.calls).toEqual([])
})
