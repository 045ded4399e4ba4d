import type { Connection } from 'countersign'
import { bankOf, type Bank } from '../connect/catalog.js'
import type { Account, Loaded, Transaction } from '../data/accounts.js'
import { daysAgo } from '../format.js'

/** An account with the bank it is at. */
export interface Holding extends Account {
  readonly bank: Bank
}

/** A transaction with the account it belongs to. */
export interface Booking extends Transaction {
  readonly holding: Holding
}

/** Everything that is connected, of all banks. */
export interface Holdings {
  readonly accounts: readonly Holding[]
  /** Newest first. */
  readonly bookings: readonly Booking[]
  /** The currencies there are, the one with most accounts first. */
  readonly currencies: readonly string[]
  /** Whether something is still being fetched. */
  readonly loading: boolean
}

/** Before any bank has answered. */
export const nothingYet: Omit<Holdings, 'loading'> = { accounts: [], bookings: [], currencies: [] }

/** Gathers what was fetched. An account that two connections share counts once. */
export function gather(
  connections: readonly Connection[],
  loaded: Readonly<Record<string, Loaded>>,
  banks: readonly Bank[],
): Holdings {
  const accounts = new Map<string, Holding>()
  const bookings = new Map<string, Booking>()
  let loading = false
  for (const connection of connections) {
    const here = loaded[connection.id]
    const bank = bankOf(connection, banks)
    if (here?.status === 'loading' || (here === undefined && connection.status === 'connected'))
      loading = true
    if (here?.status !== 'loaded' || !bank) continue
    const keyOf = (id: string) => `${bank.provider} ${id}`
    for (const account of here.data.accounts) {
      if (!accounts.has(keyOf(account.id))) accounts.set(keyOf(account.id), { ...account, bank })
    }
    for (const transaction of here.data.transactions) {
      const holding = accounts.get(keyOf(transaction.account))
      if (holding) bookings.set(keyOf(transaction.id), { ...transaction, holding })
    }
  }
  const all = [...accounts.values()]
  return {
    accounts: all,
    bookings: [...bookings.values()].sort((a, b) => b.date.localeCompare(a.date)),
    currencies: currenciesOf(all),
    loading,
  }
}

function currenciesOf(accounts: readonly Holding[]): string[] {
  const counts = new Map<string, number>()
  for (const { balance } of accounts) {
    if (balance) counts.set(balance.currency, (counts.get(balance.currency) ?? 0) + 1)
  }
  return [...counts.keys()].sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0))
}

/** The sum of all balances in a currency. Currencies are not added: no rate is made up here. */
export const totalIn = (currency: string, { accounts }: Pick<Holdings, 'accounts'>): number =>
  accounts.reduce((sum, { balance }) => sum + (balance?.currency === currency ? balance.amount : 0), 0)

/**
 * The total of each of the last days, oldest first and today last: today's, less what came since. Of accounts without
 * transactions today's balance counts on every day.
 */
export function historyIn(currency: string, holdings: Holdings, days: number, now: number): number[] {
  const changes = Array.from({ length: days }, () => 0)
  for (const { money, date, holding } of holdings.bookings) {
    const ago = daysAgo(date, now)
    if (money.currency === currency && holding.balance && ago >= 0 && ago < days)
      changes[ago] = (changes[ago] ?? 0) + money.amount
  }
  let total = totalIn(currency, holdings)
  const history = changes.map((change) => {
    const atEnd = total
    total -= change
    return atEnd
  })
  return history.reverse()
}
