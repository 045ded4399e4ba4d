import { keepRun } from '../fake/run.js'
import { browser, keep, readKept, tab } from '../kept.js'
import { onUserChanged } from '../session.js'
import { createStore, useStore, type Store } from '../store.js'

const key = 'lasagna:banks'

/**
 * The bank that a connection was made at, by the connection's id. A platform may connect several banks and not say which
 * one a connection is of.
 */
export const rememberedBank = (connection: string): string | undefined =>
  readKept<Record<string, string>>(browser, key, {})[connection]

/** What goes along with an authorization, so that its outcome is shown at the bank it belongs to. */
export interface AppState {
  readonly bank: string
}

/** Reads what came back. Any script of this origin can have written it. */
export function readAppState(value: unknown): AppState | undefined {
  const { bank } = Object(value) as Partial<AppState>
  return typeof bank === 'string' ? { bank } : undefined
}

/** Remembers {@link rememberedBank}. */
export function rememberBank(connection: string, { bank }: AppState): void {
  const known = readKept<Record<string, string>>(browser, key, {})
  if (known[connection] !== bank) keep(browser, key, { ...known, [connection]: bank })
  keepRun()
}

const lastKey = 'lasagna:last'
const last: Store<Record<string, string>> = createStore(readKept<Record<string, string>>(tab, lastKey, {}))

/** The bank that was gone to last, of those that one provider connects: an attempt is the provider's, and shown there. */
export const useLast = (provider: string): string | undefined => useStore(last)[provider]

/** Says where the person goes. */
export function goTo(provider: string, bank: string): void {
  last.change((before) => ({ ...before, [provider]: bank }))
  keep(tab, lastKey, last.get())
}

const chosen = createStore<Readonly<Record<string, string>>>({})

/** Of a bank's connections, the one that the person has chosen to see. */
export const useChosenId = (bank: string): string | undefined => useStore(chosen)[bank]

/** Chooses it. */
export function choose(bank: string, connection: string): void {
  chosen.change((before) => ({ ...before, [bank]: connection }))
}

const landed = createStore<string | undefined>(undefined)

/** The connection that was made last in a window of its own: this page stayed where it was. */
export const useLanded = (): string | undefined => useStore(landed)

/** Says that a connection was made in a window of its own. */
export const land = (connection: string): void => {
  landed.set(connection)
}

const choices = createStore<Readonly<Record<string, number>>>({})

/** Which of a bank's choices the person has made, by its place. */
export const useChoice = (bank: string): number => useStore(choices)[bank] ?? 0

/** Makes it. */
export function changeChoice(bank: string, choice: number): void {
  choices.change((before) => ({ ...before, [bank]: choice }))
}

const farewells = createStore<Readonly<Record<string, string>>>({})

/** What is said of a bank after one of its connections has ended. */
export const useFarewell = (bank: string): string | undefined => useStore(farewells)[bank]

/** Says it, or no longer. */
export function sayFarewell(bank: string, text: string | undefined): void {
  farewells.change(({ [bank]: _before, ...others }) =>
    text === undefined ? others : { ...others, [bank]: text },
  )
}

// What one user was told is not for the next one.
onUserChanged(() => {
  farewells.set({})
})
