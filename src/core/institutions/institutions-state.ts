import type { CountersignError } from '../../protocol/errors.js'
import type { Store } from '../readable-store.js'

/** An institution that the person may choose, or one of the ways to sign in at it. */
export interface Institution<Input extends object = object> {
  /** The provider's id of it. */
  readonly id: string
  /** Its name, for people. Text of the provider: render it as text. */
  readonly name: string
  /** The name of the institution, where it has several entries, such as one for companies. */
  readonly group?: string
  /**
   * An https URL of its logo, on an origin of the provider's and without a query, so it does not name the person. Whoever serves it
   * learns that somebody is choosing a bank: show it with `referrerPolicy="no-referrer"` and `loading="lazy"`, and allow its origin
   * by `img-src`.
   */
  readonly logo?: string
  /** What `authorize` takes to go there; your own members, such as `returnTo`, beside it. */
  readonly input: Input
}

/**
 * The institutions found, sorted by name. `loading`: those shown before stay, so that the list does not flicker. `ready`: `more`
 * loads the next page, and is absent on the last one. `failed`: `retry` asks again.
 */
export type InstitutionsState<Input extends object = object> =
  | { readonly status: 'loading'; readonly institutions: readonly Institution<Input>[] }
  | {
      readonly status: 'ready'
      readonly institutions: readonly Institution<Input>[]
      readonly more?: () => void
    }
  | {
      readonly status: 'failed'
      readonly error: CountersignError
      readonly institutions: readonly Institution<Input>[]
      readonly retry: () => void
    }

/** Options of a list of institutions. */
export interface InstitutionsOptions {
  /** Text that the person has typed, up to 100 characters: beginnings of words of the name. @defaultValue all institutions */
  readonly query?: string | undefined
}

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
