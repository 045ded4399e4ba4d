// The recipe of docs/testing.md for components that import the app's own client.
import { screen, render } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useAuthorize, useConnection } from 'countersign'
import { expect, test, vi } from 'vitest'
import { bank } from './support/app-bank.js'
import { fake } from './support/test-bank.js'

vi.mock('./support/app-bank.js', async () => {
  const { fake } = await import('./support/test-bank.js')
  return { bank: fake.client }
})

function Connect() {
  const { authorize } = useAuthorize('stitch', {}, { client: bank })
  const { status } = useConnection('stitch', { client: bank })
  return <button onClick={authorize}>{status}</button>
}

test('a component that imports the app’s own client gets the kit’s', async () => {
  render(<Connect />)
  await userEvent.click(await screen.findByText('disconnected'))
  await fake.approve('stitch')
  expect(screen.getByRole('button').textContent).toBe('connected')
})
