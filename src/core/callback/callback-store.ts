import { createStore, type ReadableStore } from '../readable-store.js'
import { attempt, resumable } from './actions.js'
import type { CallbackState } from './callback.js'

const none: CallbackState = { status: 'none' }
const pending: CallbackState = { status: 'pending' }

/** Store of the outcome of the response that the page was opened with. */
export interface CallbackStore extends ReadableStore<CallbackState> {
  readonly set: (state: CallbackState) => void
  /** Shows that a response is here. */
  readonly begin: () => void
  /** Shows where the work stands; the `resume` that it ends with is shown the same way. */
  readonly show: (work: () => Promise<CallbackState>) => Promise<CallbackState>
  /** Takes a connection off show: it belongs to the user before. */
  readonly clear: () => void
}

/** Makes the store behind `useCallback`. */
export function createCallbackStore(): CallbackStore {
  const store = createStore(none)

  async function show(work: () => Promise<CallbackState>): Promise<CallbackState> {
    store.set(pending)
    let state = await attempt(work).catch((error: unknown) => {
      // A mistake in the application's own functions: it surfaces as one, and nobody is left waiting for it.
      store.set(none)
      throw error
    })
    const again = 'resumeAsync' in state ? state.resumeAsync : undefined
    if (again) state = { ...state, ...resumable(() => show(again)) }
    store.set(state)
    return state
  }

  return {
    ...store,
    show,
    begin() {
      store.set(pending)
    },
    clear() {
      if ('connection' in store.get()) store.set(none)
    },
  }
}
