import { CountersignError } from '../../protocol/errors.js'
import { providerOf, type Context } from '../context.js'
import type { CommonInput } from '../input.js'
import { lazyParts } from '../lazy.js'
import { createStore, type ReadableStore } from '../readable-store.js'
import { inputKey } from './authorization-input.js'
import type { AuthorizationState } from './authorization-state.js'
import type { Prepared } from './begin.js'

/** The state of an authorization, and its steps for one whole input. */
export interface AuthorizationRuns extends ReadableStore<AuthorizationState> {
  readonly authorize: (input: CommonInput) => Promise<AuthorizationState>
  readonly prepare: (input: CommonInput) => Promise<void>
}

const idle: AuthorizationState = { status: 'idle' }
const leaving: AuthorizationState = { status: 'leaving' }

/** Runs the authorizations of one provider, or the renewals of one of its connections. */
// eslint-disable-next-line max-lines-per-function -- one state machine over shared variables; its steps are functions of their own
export function createAuthorizationRuns(context: Context, name: string): AuthorizationRuns {
  providerOf(context, name)
  const { navigation } = context.platform
  const store = createStore(idle)
  const preparation = createPreparation(context, name)
  /** The call in progress: clicks with an equal input share it. */
  let current: { readonly key: string; readonly outcome: Promise<AuthorizationState> } | undefined
  let opened: Window | null | undefined
  let left: string | undefined
  let runs = 0
  context.onReset(() => {
    // Work in progress belongs to the previous user: it may finish, and none of it is shown.
    runs += 1
    current = opened = left = undefined
    preparation.forget()
    store.set(idle)
  })

  async function run(
    input: CommonInput,
    prepared: Promise<Prepared> | undefined,
  ): Promise<AuthorizationState> {
    const own = (runs += 1)
    const subject = context.subject()
    // A browser lets a popup open only while the click is being handled, hence before anything is awaited.
    const popup = (opened = input.display === 'popup' ? navigation.openPopup() : undefined)
    const isLast = (): boolean => own === runs
    // An earlier click's response, or its popup, may still come back: only the last click is shown.
    const show = (state: AuthorizationState): void => {
      if (isLast()) store.set(state)
    }
    let outcome = idle
    try {
      const parts = await lazyParts()
      const click = { subject, prepared, popup, before: () => left, isLast }
      const begun = await parts.begin(context, name, input, click)
      if (begun && isLast()) {
        left = begun.transaction.state
        if (!popup) current = undefined
        outcome = popup
          ? await (await parts.loadPopup()).watchPopup(context, begun, popup, show)
          : await parts.leave(context, begun)
      } else popup?.close()
    } catch (error) {
      popup?.close()
      if (!(error instanceof CountersignError)) throw error
      outcome = { status: 'failed', error }
    } finally {
      if (isLast()) current = undefined
      show(outcome)
    }
    return outcome
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    prepare: (input) => preparation.prepare(input),
    authorize(input) {
      const key = inputKey(input)
      // A popup that looks closed may be closed: a new click asks for a new one.
      if (current?.key === key && !opened?.closed) return current.outcome
      // A popup at the provider gives way to one for the new choice.
      if (current) opened?.close()
      store.set(leaving)
      const outcome = run(input, preparation.take(key))
      current = { key, outcome }
      return outcome
    },
  }
}

/** Work done before the click, for one input at a time. */
function createPreparation(context: Context, name: string) {
  let prepared: { readonly key: string; readonly result: Promise<Prepared> } | undefined

  /** Takes what was prepared for this input; anything prepared for another is removed. */
  function take(key: string): Promise<Prepared> | undefined {
    const { result, key: known } = prepared ?? {}
    prepared = undefined
    if (!result || known === key) return result
    // Without storage, or where preparing failed, there is nothing to remove.
    lazyParts()
      .then(({ discard }) => discard(context, result))
      .catch(() => undefined)
    return undefined
  }

  return {
    take,
    /** Lets what was prepared for the previous user expire. */
    forget: (): void => {
      prepared = undefined
    },
    async prepare(input: CommonInput): Promise<void> {
      const key = inputKey(input)
      const result = take(key) ?? lazyParts().then((parts) => parts.prepare(context, name, input))
      prepared = { key, result }
      await result.catch((error: unknown) => {
        if (prepared?.result === result) prepared = undefined
        if (!(error instanceof CountersignError)) throw error
      })
    },
  }
}
