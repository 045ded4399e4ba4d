import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { CountersignProvider, type Client } from 'countersign'
import { createTestClient, fakeBank } from 'countersign/testing'
import { StrictMode } from 'react'
import { Accounts } from './accounts'
import { bankOptions } from './bank-options'

const show = (client: Client<(typeof bankOptions)['providers']>) =>
  render(
    <StrictMode>
      <CountersignProvider client={client}>
        <Accounts />
      </CountersignProvider>
    </StrictMode>,
  )

const press = async (name: string) => userEvent.click(await screen.findByRole('button', { name }))

test('connects Stitch and lists the accounts', async () => {
  const bank = fakeBank(bankOptions)
  show(bank.client)
  await press('Connect Stitch')
  await bank.approve('stitch', { accounts: [{ id: '1', name: 'Holiday Pocket' }] })
  await screen.findByText('Holiday Pocket')
  expect(bank.requestsTo('stitch', 'token')).toMatchObject([{ pkce: true, status: 200 }])
})

test('says so when the person changes their mind', async () => {
  const bank = fakeBank(bankOptions)
  show(bank.client)
  await press('Connect Stitch')
  await bank.cancel('stitch')
  await screen.findByText('Nothing was connected.')
})

test('says so when the bank is closed, and lets the person try again', async () => {
  const bank = fakeBank(bankOptions)
  show(bank.client)
  await press('Connect Stitch')
  await bank.fail('stitch', 'temporarily_unavailable')
  await screen.findByText('That did not work: temporarily_unavailable')
  await press('Connect Stitch')
  await bank.approve('stitch')
  await screen.findByText('Current Account')
})

test('says so when the device is offline', async () => {
  const bank = fakeBank(bankOptions)
  bank.offline()
  show(bank.client)
  await press('Connect Stitch')
  await screen.findByText('Stitch cannot be reached: network_error')
})

test('gets another token when Stitch no longer accepts the one it has', async () => {
  const bank = fakeBank({ ...bankOptions, connected: { stitch: {} } })
  await bank.expireAccessTokens()
  show(bank.client)
  await screen.findByText('Current Account')
  expect(bank.requestsTo('stitch', 'token')).toMatchObject([{ grantType: 'refresh_token' }])
})

test('asks the person to connect again when the connection has ended', async () => {
  show(createTestClient({ tokens: { stitch: { status: 'reauthorization_required' } } }))
  await screen.findByRole('button', { name: 'Connect Stitch again' })
})
