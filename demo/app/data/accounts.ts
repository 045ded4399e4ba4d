import type { FdxConsent, FdxResource } from 'countersign/providers'
import { onUserChanged } from '../session.js'
import { createStore, useStore } from '../store.js'

/** An amount in major units. */
export interface Money {
  readonly amount: number
  readonly currency: string
}

/** An account of any bank. */
export interface Account {
  readonly id: string
  readonly name: string
  /** Who holds it, where the bank says so. */
  readonly holder?: string
  /** `•••• 1234` */
  readonly number: string
  /** Missing when the person does not share it. */
  readonly balance?: Money
}

/** A transaction of any bank. */
export interface Transaction {
  readonly id: string
  readonly account: string
  /** A calendar day, such as `2026-11-30`. */
  readonly date: string
  readonly text: string
  readonly money: Money
}

/** What one provider has beside accounts. */
export type Extra =
  | {
      readonly kind: 'consent'
      readonly consent: FdxConsent
      readonly names: Names
      readonly missing: readonly FdxResource[]
    }
  | { readonly kind: 'profile'; readonly profile: Profile }
  | { readonly kind: 'interaction'; readonly answer: unknown }

/** Accounts by their ids. */
export type Names = Readonly<Record<string, string>>

/** A business's profile at Basis. */
export interface Profile {
  readonly company_name: string
  readonly connections: readonly {
    readonly platform_id: string
    readonly platform_name: string
    readonly institution_name: string
    readonly signed_in_as: string
  }[]
}

/** What was fetched with a connection. */
export interface BankData {
  readonly accounts: readonly Account[]
  readonly transactions: readonly Transaction[]
  readonly extra?: Extra
}

/** Where fetching it stands. */
export type Loaded =
  | { readonly status: 'loading' }
  | { readonly status: 'loaded'; readonly data: BankData }
  | { readonly status: 'failed'; readonly message: string; readonly again: () => void }

const loaded = createStore<Readonly<Record<string, Loaded>>>({})

/** What is known of the accounts behind each connection, by the connection's id. */
export const useLoaded = (): Readonly<Record<string, Loaded>> => useStore(loaded)

/** Stores what came of fetching. */
export function setLoaded(connection: string, value: Loaded): void {
  loaded.change((before) => {
    // What is shown stays while it is fetched anew.
    if (value.status === 'loading' && before[connection]?.status === 'loaded') return before
    return { ...before, [connection]: value }
  })
}

/** Forgets what is no longer connected. */
export function dropLoaded(connection: string): void {
  if (connection in loaded.get()) loaded.change(({ [connection]: _gone, ...others }) => others)
}

// Another user is here.
onUserChanged(() => {
  loaded.set({})
})
