import { CountersignError } from '../../protocol/errors.js'
import { providerOf, type Context } from '../context.js'
import { inBackground } from '../in-background.js'
import type { CommonInput } from '../input.js'
import { lazyParts } from '../lazy.js'
import type { Connection } from '../records/connection.js'
import { createStore, type ReadableStore } from '../readable-store.js'
import { inputKey, mergeInput } from './authorization-input.js'
import type { AuthorizationState } from './authorization-state.js'
import type { Prepared } from './begin.js'

/**
 * One way to connect: a provider with the input that is known ahead. Its state is shared by everything that connects this
 * provider, or that renews the same `connection` of it, whatever else the input says.
 *
 * Its functions merge their argument over that input. Only a plain object is taken for input, so they work as event
 * handlers: an event is ignored.
 *
 * @typeParam C A connection of the provider.
 * @typeParam Click What the functions take.
 */
export interface Authorization<
  C extends Connection = Connection,
  Click extends readonly unknown[] = [input?: object],
> extends ReadableStore<AuthorizationState<C>> {
  /**
   * Sends the person to the provider. Everything that can come of it is shown by the state.
   *
   * Calls with an equal input until the page leaves are the same call, and so are those while a popup is open. A call after
   * that leaves anew: the navigation may not have happened. So a button needs no `disabled`; what it left for before can
   * still come back. A call with another input takes the place of the one before.
   *
   * An input that the provider cannot take is a mistake of the application: the `TypeError` goes to `reportError`.
   */
  readonly authorize: (...input: Click) => void
  /**
   * The same, as a promise. With a popup it resolves with the outcome. With a redirect it settles only when the page stays:
   * with the error that prevented it, or with `idle` when the page is on show again, the answer came to another tab, the
   * page is still here 10 seconds after it was to leave, or another call took its place.
   *
   * @throws {TypeError} for an input the provider cannot take: a mistake of the application.
   */
  readonly authorizeAsync: (...input: Click) => Promise<AuthorizationState<C>>
  /**
   * Does ahead of the click what can be done without side effects: call it from `onPointerEnter` or `onFocus`. The click
   * uses it when its input is equal. A failure is not shown: the click tries again and shows it.
   */
  readonly prepare: (...input: Click) => void
  /** The same, and resolves when it is done. @throws {TypeError} for an input the provider cannot take. */
  readonly prepareAsync: (...input: Click) => Promise<void>
}

/** The state of an authorization, and its steps for one whole input. */
export interface AuthorizationRuns extends ReadableStore<AuthorizationState> {
  readonly authorize: (input: CommonInput) => Promise<AuthorizationState>
  readonly prepare: (input: CommonInput) => Promise<void>
}

const idle: AuthorizationState = { status: 'idle' }
const leaving: AuthorizationState = { status: 'leaving' }

/** Makes the authorization of one provider, or of the renewal of one of its connections. */
export function createAuthorizationRuns(context: Context, name: string): AuthorizationRuns {
  providerOf(context, name)
  const { navigation } = context.platform
  const store = createStore(idle)
  let prepared: { readonly key: string; readonly result: Promise<Prepared> } | undefined
  /** The call that further clicks with an equal input are. */
  let current: { readonly key: string; readonly outcome: Promise<AuthorizationState> } | undefined
  let opened: Window | null | undefined
  let left: string | undefined
  let runs = 0
  context.onReset(() => {
    // What is still under way is the user's before: it goes on, and nothing of it is shown.
    runs += 1
    prepared = current = opened = left = undefined
    store.set(idle)
  })

  /** Takes what was prepared for this input; what was prepared for another is removed. */
  function takePrepared(key: string): Promise<Prepared> | undefined {
    const { result, key: known } = prepared ?? {}
    prepared = undefined
    if (!result || known === key) return result
    // Without storage there is nothing to remove.
    lazyParts()
      .then(async ({ discard }) => discard(context, (await result).transaction))
      .catch(() => undefined)
    return undefined
  }

  async function run(input: CommonInput, ahead: Promise<Prepared> | undefined): Promise<AuthorizationState> {
    const own = (runs += 1)
    const subject = context.subject()
    // A browser lets a popup open only while the click is being handled, hence before anything is awaited.
    const popup = (opened = input.display === 'popup' ? navigation.openPopup() : undefined)
    const isLast = (): boolean => own === runs
    // What a click before left for may still come back, and a popup with it: the last click is on show.
    const show = (state: AuthorizationState): void => {
      if (isLast()) store.set(state)
    }
    let outcome = idle
    try {
      const parts = await lazyParts()
      const click = { subject, prepared: ahead, popup, before: () => left, isLast }
      const begun = await parts.begin(context, name, input, click)
      if (begun && isLast()) left = begun.transaction.state
      if (begun && isLast()) {
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
    async prepare(input) {
      const key = inputKey(input)
      const ahead = takePrepared(key) ?? lazyParts().then(({ prepare }) => prepare(context, name, input))
      prepared = { key, result: ahead }
      await ahead.catch((error: unknown) => {
        if (prepared?.result === ahead) prepared = undefined
        if (!(error instanceof CountersignError)) throw error
      })
    },
    authorize(input) {
      const key = inputKey(input)
      // A popup that looks closed may be closed: whoever clicks wants another one.
      if (current?.key === key && !opened?.closed) return current.outcome
      // One at the provider gives way to one for what the person chose instead.
      if (current) opened?.close()
      store.set(leaving)
      const outcome = run(input, takePrepared(key))
      current = { key, outcome }
      return outcome
    },
  }
}

/** An authorization with the input that is known ahead. */
export function createAuthorization(
  { get, subscribe, ...runs }: AuthorizationRuns,
  known: CommonInput,
): Authorization {
  // A mistake in the input rejects, whenever it is found.
  const authorizeAsync = (input?: unknown): Promise<AuthorizationState> => {
    try {
      return runs.authorize(mergeInput(known, input))
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }
  const prepareAsync = (input?: unknown): Promise<void> => runs.prepare(mergeInput(known, input))
  return {
    get,
    subscribe,
    authorizeAsync,
    authorize: (input) => {
      inBackground(authorizeAsync(input))
    },
    prepareAsync,
    prepare: (input) => {
      inBackground(prepareAsync(input))
    },
  }
}
