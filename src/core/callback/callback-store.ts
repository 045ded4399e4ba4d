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
  /** Shows why work that is under way waits; it goes on. */
  readonly wait: (error: CountersignError) => void
  /** Work that waited goes on. */
  readonly proceed: () => void
  /** Takes everything off show, also what comes of work that is under way: it belongs to the user before. */
  readonly clear: () => void
}

/** Makes the store behind `useCallback`. */
export function createCallbackStore(): CallbackStore {
  const store = createStore(none)
  /** The work that is on show: of what began before it, nothing is shown. */
  let latest = 0
  let waiting: CallbackState | undefined

  async function show(work: () => Promise<CallbackState>): Promise<CallbackState> {
    const own = (latest += 1)
    const tell = (state: CallbackState): void => {
      if (own === latest) store.set(state)
    }
    tell(pending)
    let state = await attempt(work).catch((error: unknown) => {
      // A mistake in the application's own functions: it surfaces as one, and nobody is left waiting for it.
      tell(none)
      throw error
    })
    const again = 'resumeAsync' in state ? state.resumeAsync : undefined
    if (again) {
      // Kept from before a change of the user it takes the step all the same, and shows nothing.
      const resume = (): Promise<CallbackState> => (own === latest ? show(again) : again())
      state = { ...state, ...resumable(resume) }
    }
    tell(state)
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
