/** A value that can be read at any time and watched: what `useSyncExternalStore` needs, without React. */
export interface ReadableStore<T> {
  /** The current value: the same object until it changes. */
  readonly get: () => T
  /** Calls back after every change; the function given back ends that. */
  readonly subscribe: (listener: () => void) => () => void
}

/** A store that its owner can write. */
export interface Store<T> extends ReadableStore<T> {
  readonly set: (value: T) => void
}

/** Makes a store. */
export function createStore<T>(initial: T): Store<T> {
  const listeners = new Set<() => void>()
  let value = initial
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const listener of [...listeners]) listener()
    },
    subscribe(listener) {
      // Its own function each time: the same listener may subscribe twice and leave once.
      const own = (): void => {
        listener()
      }
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
  }
}
