import { inBackground } from '../in-background.js'
import type { CommonInput } from '../input.js'
import type { Connection } from '../records/connection.js'
import type { ReadableStore } from '../readable-store.js'
import { mergeInput } from './authorization-input.js'
import type { AuthorizationRuns } from './authorization-runs.js'
import type { AuthorizationState } from './authorization-state.js'

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
   * An input that the provider cannot take is a mistake of the application: the `TypeError` goes to `reportError`. What only a
   * backend can tell, such as `acrValues` and `maxAgeSeconds` that it cannot have confirmed, makes the state `failed` with
   * `backend_refused`.
   */
  readonly authorize: (...input: Click) => void
  /**
   * The same, as a promise. With a popup it resolves with the outcome. With a redirect it settles only when the page stays:
   * with the error that prevented it, or with `idle` when the page is on show again, the answer came to another tab, the
   * page is still here 10 seconds after it was to leave, or another call took its place.
   *
   * @throws {TypeError} for an input the provider cannot take: a mistake of the application. Not for what only a backend can tell,
   * see `authorize`.
   */
  readonly authorizeAsync: (...input: Click) => Promise<AuthorizationState<C>>
  /**
   * Does ahead of the click what can be done without side effects: call it from `onPointerEnter` or `onFocus`. The click
   * uses it when its input is equal. A failure is not shown: the click tries again and shows it.
   */
  readonly prepare: (...input: Click) => void
  /** The same, and resolves when it is done. @throws {TypeError} as `authorizeAsync`. */
  readonly prepareAsync: (...input: Click) => Promise<void>
}

/** An authorization with the input that is known ahead. */
export function createAuthorization(
  { get, subscribe, ...runs }: AuthorizationRuns,
  known: CommonInput,
): Authorization {
  const authorizeAsync = (input?: unknown): Promise<AuthorizationState> => {
    try {
      return runs.authorize(mergeInput(known, input))
    } catch (error) {
      // A mistake in the input rejects, whenever it is found.
      const mistake = error as Error
      return Promise.reject(mistake)
    }
  }
  const prepareAsync = (input?: unknown): Promise<void> => runs.prepare(mergeInput(known, input))
  return {
    get,
    subscribe,
    authorize: inBackground(authorizeAsync),
    authorizeAsync,
    prepare: inBackground(prepareAsync),
    prepareAsync,
  }
}
