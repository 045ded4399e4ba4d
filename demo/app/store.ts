import { useSyncExternalStore } from 'react'

/** A value that components read and anything may change. */
export interface Store<T> {
  readonly get: () => T
  readonly set: (value: T) => void
  readonly change: (next: (before: T) => T) => void
  readonly subscribe: (listener: () => void) => () => void
}

/** Creates a {@link Store}. What lives in one outlasts the components that show it. */
export function createStore<T>(initial: T): Store<T> {
  let present = initial
  const listeners = new Set<() => void>()
  const set = (value: T): void => {
    if (Object.is(value, present)) return
    present = value
    for (const listener of listeners) listener()
  }
  return {
    get: () => present,
    set,
    change: (next) => {
      set(next(present))
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

/** Reads a {@link Store}, and renders again when it changes. */
export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get)
