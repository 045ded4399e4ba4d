import { CountersignError } from '../../protocol/errors.js'
import type { CallbackState } from '../callback/callback.js'
import { providerOf, type Context } from '../context.js'
import type { Departure } from './begin.js'
import { lazyParts } from '../load-module.js'
import type { CommonInput } from '../provider.js'
import { createStore, type ReadableStore } from '../readable-store.js'

/** How far an authorization has come. */
export type AuthorizationState =
  | { readonly status: 'idle' }
  /** The page, or the popup, is about to go to the provider. Ends after 10 seconds when the page is still here. */
  | { readonly status: 'leaving' }
  /** A popup is open at the provider. */
  | {
      readonly status: 'waiting'
      /** Ends the wait: closes the popup and gives up the transaction. */
      readonly cancel: () => void
    }
  /**
   * The popup is closed, as far as the browser can tell. If it comes back after all, before it has expired, its outcome
   * takes the place of this.
   */
  | { readonly status: 'closed' }
  /** Nobody was sent away, or the popup came back with a failure. */
  | {
      readonly status: 'failed'
      readonly error: CountersignError
      /** Takes the same step again: present when a popup came back and nothing was lost. */
      readonly resume?: () => Promise<CallbackState>
    }
  /** What a popup came back with. */
  | Extract<CallbackState, { readonly status: 'connected' | 'cancelled' | 'denied' | 'sign_in_required' }>

/** One way to connect: a provider with an input. Its functions take no arguments and never change. */
export interface Authorization extends ReadableStore<AuthorizationState> {
  /**
   * Sends the person to the provider. With a popup it resolves with the outcome. With a redirect it settles only when
   * the page stays: with the error that prevented it, or with `idle` when the page is on show again, the answer came to
   * another tab, or the page is still here 10 seconds after it was to leave.
   *
   * Calls until the page leaves are the same call, and so are those while a popup is open. A call after that leaves anew:
   * the navigation may not have happened. So a button needs no `disabled`; what it left for before can still come back.
   *
   * @throws {TypeError} for an input the provider cannot take: a mistake of the application.
   */
  readonly authorize: () => Promise<AuthorizationState>
  /** Does ahead of the click what can be done without side effects: call it from `onPointerEnter` or `onFocus`. */
  readonly prepare: () => Promise<void>
}

const idle: AuthorizationState = { status: 'idle' }
const leaving: AuthorizationState = { status: 'leaving' }

/** Makes the authorization of one provider with one input. */
export function createAuthorization(context: Context, name: string, input: CommonInput): Authorization {
  providerOf(context, name)
  const { navigation } = context.platform
  const store = createStore(idle)
  let prepared: Promise<Departure> | undefined
  /** The call that further clicks are. */
  let current: Promise<AuthorizationState> | undefined
  let opened: Window | null | undefined
  let left: string | undefined
  let runs = 0

  async function run(): Promise<AuthorizationState> {
    const own = (runs += 1)
    // A browser lets a popup open only while the click is being handled, hence before anything is awaited.
    const popup = (opened = input.display === 'popup' ? navigation.openPopup() : undefined)
    // What a click before left for may still come back, and a popup with it: the last click is on show.
    const show = (state: AuthorizationState): void => {
      if (own === runs) store.set(state)
    }
    let outcome = idle
    try {
      const { depart } = await lazyParts()
      const departing = depart(context, name, input, prepared, left, popup, show)
      prepared = undefined
      const away = await departing
      left = away.state
      if (!popup) current = undefined
      outcome = await away.outcome
    } catch (error) {
      popup?.close()
      if (!(error instanceof CountersignError)) throw error
      outcome = { status: 'failed', error }
    } finally {
      if (own === runs) current = undefined
      show(outcome)
    }
    return outcome
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    prepare: async () => {
      prepared ??= lazyParts().then(({ prepare }) => prepare(context, name, input))
      // A failure here is not shown: the click tries again and reports it.
      await prepared.catch(() => {
        prepared = undefined
      })
    },
    authorize: () => {
      // A popup that looks closed may be closed: whoever clicks wants another one.
      if (current && !opened?.closed) return current
      store.set(leaving)
      return (current = run())
    },
  }
}
