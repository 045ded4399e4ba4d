import { useSyncExternalStore } from 'react'

/** How a person goes to a bank. */
export type Display = 'redirect' | 'popup'

let present: Display = 'redirect'
const listeners = new Set<() => void>()

function change(next: Display): void {
  present = next
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** How the person wants to go to the banks. */
export function useDisplay(): Display {
  return useSyncExternalStore(subscribe, () => present)
}

/** Where the person chooses it. */
export function DisplayChoice() {
  const display = useDisplay()
  return (
    <label className="switch">
      <input
        type="checkbox"
        checked={display === 'popup'}
        onChange={({ target }) => {
          change(target.checked ? 'popup' : 'redirect')
        }}
      />
      Open banks in a window of their own
    </label>
  )
}
