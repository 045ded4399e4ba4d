import { CountersignError } from '../../protocol/errors.js'
import { providerOf, type Context } from '../context.js'
import type { Prepared } from './begin.js'
import { lazyParts } from '../lazy.js'
import type { CommonInput } from '../input.js'
import { createStore, type ReadableStore } from '../readable-store.js'
import type { AuthorizationState } from './authorization-state.js'

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
  let prepared: Promise<Prepared> | undefined
  /** The call that further clicks are. */
  let current: Promise<AuthorizationState> | undefined
  let opened: Window | null | undefined
  let left: string | undefined
  let runs = 0
  context.onReset(() => {
    // What is still under way is the user's before: it goes on, and nothing of it is shown.
    runs += 1
    prepared = current = opened = left = undefined
    store.set(idle)
  })

  async function run(): Promise<AuthorizationState> {
    const own = (runs += 1)
    const subject = context.subject()
    // A browser lets a popup open only while the click is being handled, hence before anything is awaited.
    const popup = (opened = input.display === 'popup' ? navigation.openPopup() : undefined)
    // What a click before left for may still come back, and a popup with it: the last click is on show.
    const show = (state: AuthorizationState): void => {
      if (own === runs) store.set(state)
    }
    let outcome = idle
    try {
      const parts = await lazyParts()
      const beginning = parts.begin(context, name, input, { subject, prepared, popup, before: left })
      prepared = undefined
      const begun = await beginning
      if (own === runs) left = begun.transaction.state
      if (!popup && own === runs) current = undefined
      outcome = popup
        ? await (await parts.loadPopup()).watchPopup(context, begun, popup, show)
        : await parts.leave(context, begun)
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
