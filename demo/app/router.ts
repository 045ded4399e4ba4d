import { useSyncExternalStore } from 'react'
import { at, pathOf } from './base.js'

const listeners = new Set<() => void>()

/** Goes to another page of the app without loading it. */
export function navigate(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', at(path))
  else history.pushState(null, '', at(path))
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  addEventListener('popstate', listener)
  return () => {
    listeners.delete(listener)
    removeEventListener('popstate', listener)
  }
}

/** The path of the page that is shown. */
export function usePath(): string {
  return useSyncExternalStore(subscribe, () => pathOf(location.pathname))
}
