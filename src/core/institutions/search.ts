import type { Store } from '../readable-store.js'
import type { Institution, InstitutionsState } from './institutions-state.js'

/** One query of one provider, and what is known of its answer. */
export interface InstitutionSearch {
  readonly name: string
  readonly query: string
  readonly store: Store<InstitutionsState>
  /** False when the person has typed on, and nobody waits for the answer. */
  readonly isWatched: () => boolean
  /** Notes what is on the screen now: the next query begins with it. */
  readonly note: (shown: readonly Institution[]) => void
  isLoading: boolean
  /** Epoch seconds. */
  loadedAt?: number
}
