import { moneyhubAmount, type MoneyhubAmount } from '../quirks/moneyhub.js'

/** An account, as a provider's API writes it. */
type Account = Readonly<Record<string, unknown>>

/** An account, as the FDX API writes it. */
interface FdxAccount extends Account {
  readonly accountId: string
  readonly nickname: string
  readonly accountType: string
  readonly accountNumberDisplay: string
  readonly currentBalance: number
  readonly currency: { readonly currencyCode: string }
}

/** An account, as Moneyhub's Data API writes it. */
interface MoneyhubAccount extends Account {
  readonly id: string
  readonly accountName: string
  readonly type: string
  readonly currency: string
  readonly balance: { readonly amount: MoneyhubAmount }
}

/**
 * The accounts of somebody who has approved without saying which: two made-up ones, as each provider's API writes them. The
 * demo's banks have the same.
 */
export const sampleAccounts: {
  readonly apiture: readonly Account[]
  readonly fdx: readonly FdxAccount[]
  readonly moneyhub: readonly MoneyhubAccount[]
  readonly standard: readonly Account[]
  readonly stitch: readonly Account[]
} = {
  apiture: [
    {
      id: 'chk-4417',
      name: 'Everyday Checking',
      type: 'checking',
      maskedNumber: '*4417',
      balance: { current: '2841.07', currency: 'USD' },
    },
    {
      id: 'sav-9032',
      name: 'Rainy Day Savings',
      type: 'savings',
      maskedNumber: '*9032',
      balance: { current: '15200.00', currency: 'USD' },
    },
  ],
  fdx: [
    {
      accountId: 'fox-1815',
      nickname: 'Analytical Checking',
      accountType: 'CHECKING',
      accountNumberDisplay: '**1815',
      currentBalance: 9120.4,
      currency: { currencyCode: 'USD' },
    },
    {
      accountId: 'fox-1843',
      nickname: 'Note G Savings',
      accountType: 'SAVINGS',
      accountNumberDisplay: '**1843',
      currentBalance: 26350,
      currency: { currencyCode: 'USD' },
    },
  ],
  moneyhub: [
    moneyhubAccount('mh-1', 'Everyday Account', 'cash:current', 241518),
    moneyhubAccount('mh-2', 'Loyalty Saver', 'savings', 1250000),
  ],
  standard: [
    {
      id: 'giro-3305',
      name: 'Giro',
      holder: 'Ada Lovelace',
      maskedNumber: '…3305',
      balance: '18988.20',
      currency: 'EUR',
    },
    {
      id: 'daily-7781',
      name: 'Daily Money',
      holder: 'Ada Lovelace',
      maskedNumber: '…7781',
      balance: '6400.00',
      currency: 'EUR',
    },
  ],
  stitch: [
    {
      __typename: 'BankAccount',
      id: 'acc-a1',
      name: 'Current Account',
      accountType: 'current',
      accountNumber: '******6201',
      currency: 'ZAR',
      currentBalance: { quantity: '12874.35', currency: 'ZAR' },
      availableBalance: { quantity: '12874.35', currency: 'ZAR' },
      accountHolder: { fullName: 'Ada Lovelace' },
    },
    {
      __typename: 'BankAccount',
      id: 'acc-a2',
      name: 'Holiday Pocket',
      accountType: 'savings',
      accountNumber: '******8830',
      currency: 'ZAR',
      currentBalance: { quantity: '4300.00', currency: 'ZAR' },
      availableBalance: { quantity: '4300.00', currency: 'ZAR' },
      accountHolder: { fullName: 'Ada Lovelace' },
    },
  ],
}

function moneyhubAccount(id: string, accountName: string, type: string, pence: number): MoneyhubAccount {
  const balance = { amount: moneyhubAmount(pence) }
  return { id, accountName, type, accountType: 'personal', currency: 'GBP', balance }
}
