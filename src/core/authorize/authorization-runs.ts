import { CountersignError } from '../../protocol/errors.js'
import { providerOf, type Context } from '../context.js'
import type { CommonInput } from '../input.js'
import { lazyPartsForClick } from '../lazy.js'
import { createStore, type ReadableStore } from '../readable-store.js'
import { inputKey } from './authorization-input.js'
import type { AuthorizationState } from './authorization-state.js'
import { createPreparation } from './preparation.js'

/** The state of an authorization, and its steps for one whole input. */
export interface AuthorizationRuns extends ReadableStore<AuthorizationState> {
  readonly authorize: (input: CommonInput) => Promise<AuthorizationState>
  readonly prepare: (input: CommonInput) => Promise<void>
}

const idle: AuthorizationState = { status: 'idle' }
const leaving: AuthorizationState = { status: 'leaving' }

/** Runs the authorizations of one provider, or the renewals of one of its connections. */
export function createAuthorizationRuns(context: Context, name: string): AuthorizationRuns {
  // A name that is no provider's is a mistake that shows here.
  providerOf(context, name)
  const store = createStore(idle)
  const preparation = createPreparation(context, name)
  /** The call in progress: clicks with an equal input share it. */
  let current: { readonly key: string; readonly outcome: Promise<AuthorizationState> } | undefined
  let popup: Window | null | undefined
  let left: string | undefined
  let runs = 0
  context.onReset(() => {
    // Work in progress belongs to the previous user: it may finish, and none of it is shown.
    runs += 1
    current = popup = left = undefined
    preparation.forget()
    store.set(idle)
  })
  async function run(input: CommonInput, key: string): Promise<AuthorizationState> {
    const own = (runs += 1)
    // A browser lets a popup open only while the click is being handled, hence before anything is awaited.
    const opened = (popup = input.display === 'popup' ? context.platform.navigation.openPopup() : undefined)
    const isLast = (): boolean => own === runs
    // An earlier click's response, or its popup, may still come back: only the last click is shown.
    const show = (state: AuthorizationState): void => {
      if (isLast()) store.set(state)
    }
    const click = {
      subject: context.subject(),
      prepared: preparation.take(key),
      popup: opened,
      before: () => left,
      isLast,
      show,
      onLeaving: (state: string) => {
        left = state
        if (!opened) current = undefined
      },
    }
    let outcome = idle
    try {
      outcome = await (await lazyPartsForClick(context, name)).sendAway(context, name, input, click)
    } catch (error) {
      opened?.close()
      if (!(error instanceof CountersignError)) throw error
      outcome = { status: 'failed', error }
    } finally {
      if (isLast()) current = undefined
      show(outcome)
    }
    return outcome
  }
  return {
    ...store,
    prepare: preparation.prepare,
    authorize(input) {
      const key = inputKey(input)
      // A popup that looks closed may be closed: a new click asks for a new one.
      if (current?.key === key && !popup?.closed) return current.outcome
      // A popup at the provider gives way to one for the new choice.
      if (current) popup?.close()
      store.set(leaving)
      const outcome = run(input, key)
      current = { key, outcome }
      return outcome
    },
  }
}
