import { useSyncExternalStore } from 'react'

let present = ''
const listeners = new Set<() => void>()

/** Announces something to people who do not see the page: screen readers read it out. */
export function announce(text: string): void {
  present = text
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** Where announcements are read from. It is there from the beginning: a region that comes with its text is not read. */
export function Announcer() {
  const text = useSyncExternalStore(subscribe, () => present)
  return (
    <p className="unseen" role="status" aria-label="Announcements">
      {text}
    </p>
  )
}
