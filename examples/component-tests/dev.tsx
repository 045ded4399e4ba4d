// The app on a fake bank, for the dev server: no backend, no account at a provider.
import { CountersignProvider } from 'countersign'
import { fakeBank } from 'countersign/testing'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Accounts } from './accounts'
import { bankOptions } from './bank-options'

const bank = fakeBank(bankOptions)

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <CountersignProvider client={bank.client}>
      <Accounts />
    </CountersignProvider>
    <footer>
      At the bank: <button onClick={() => void bank.approve('stitch')}>Approve</button>
      <button onClick={() => void bank.cancel('stitch')}>Cancel</button>
    </footer>
  </StrictMode>,
)
