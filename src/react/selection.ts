import { isPlainObject } from '../core/is-plain-object.js'
import { hasOwn } from '../protocol/has-own.js'

type IsEqual = (previous: never, next: never) => boolean

/** What a component shows of a state. */
export interface Selection {
  /**
   * Makes a function that reads the selection: the same object for as long as the selection is equal, also to what another
   * such function has read that was committed. It changes nothing, so a rendering that is thrown away leaves nothing behind.
   */
  readonly reader: (get: () => unknown, select: (state: never) => unknown, isEqual: IsEqual) => () => unknown
  /** Notes what is on the screen. */
  readonly commit: (value: unknown) => void
}

/** Makes the selection of one component. An inline `select` is another function at every rendering: what it selects stays. */
export function createSelection(): Selection {
  let committed: { readonly value: unknown } | undefined
  return {
    reader(get, select, isEqual) {
      let known: { readonly state: unknown; readonly value: unknown } | undefined
      return () => {
        const state = get()
        if (!known || !Object.is(known.state, state)) {
          const before = known ?? committed
          const value = select(state as never)
          const isSame = before && isEqual(before.value as never, value as never)
          known = { state, value: isSame ? before.value : value }
        }
        return known.value
      }
    },
    commit(value) {
      committed = { value }
    },
  }
}

type Members = Readonly<Record<string, unknown>>

/** True for the same value, and for arrays or plain objects whose members are the same. */
export function isShallowEqual(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  const areAlike = Array.isArray(a) ? Array.isArray(b) : isPlainObject(a) && isPlainObject(b)
  if (!areAlike) return false
  const [left, right] = [a, b] as [Members, Members]
  const keys = Object.keys(left)
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => hasOwn(right, key) && Object.is(left[key], right[key]))
  )
}
