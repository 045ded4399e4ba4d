import { createStore, useStore } from '../store.js'

const present = createStore('')

/** Announces something to people who do not see the page: screen readers read it out. */
export function announce(text: string): void {
  present.set(text)
}

/** Where announcements are read from. It is there from the beginning: a region that comes with its text is not read. */
export function Announcer() {
  return (
    <p className="unseen" role="status" aria-label="Announcements">
      {useStore(present)}
    </p>
  )
}
