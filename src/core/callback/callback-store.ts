import type { CountersignError } from '../../protocol/errors.js'
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
  /** Shows why work in progress is waiting. */
  readonly wait: (error: CountersignError) => void
  /** Shows that waiting work goes on. */
  readonly proceed: () => void
  /** Hides everything, including the result of work in progress: it belongs to the previous user. */
  readonly clear: () => void
}

/** Makes the store behind `useCallback`. */
export function createCallbackStore(): CallbackStore {
  const store = createStore(none)
  /** Number of the latest work: results of earlier work are not shown. */
  let latest = 0
  let waiting: CallbackState | undefined

  async function show(work: () => Promise<CallbackState>): Promise<CallbackState> {
    const own = (latest += 1)
    const display = (state: CallbackState): void => {
      if (own === latest) store.set(state)
    }
    display(pending)
    let state = await attempt(work).catch((error: unknown) => {
      // A mistake in the application's own functions: it surfaces as one, and nobody is left waiting for it.
      display(none)
      throw error
    })
    const again = 'resumeAsync' in state ? state.resumeAsync : undefined
    if (again) {
      // A resume() kept from before the user changed still takes the step, and shows nothing.
      const resume = (): Promise<CallbackState> => (own === latest ? show(again) : again())
      state = { ...state, ...resumable(resume) }
    }
    display(state)
    return state
  }

  return {
    ...store,
    show,
    begin() {
      store.set(pending)
    },
    wait(error) {
      if (store.get() === pending) store.set((waiting = { status: 'failed', error, returnTo: '/' }))
    },
    proceed() {
      if (store.get() === waiting) store.set(pending)
    },
    clear() {
      latest += 1
      store.set(none)
    },
  }
}
