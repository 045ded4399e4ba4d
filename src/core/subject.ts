import type { Platform } from '../platform/platform.js'
import { lazyParts } from './lazy.js'

/** The app's user, as this page knows it. */
export interface Subject {
  /** `''` where the app does not say, `null` while nobody is signed in. */
  readonly current: () => string | null
  /** Says who is signed in now, here and to the other tabs. */
  readonly set: (subject: string | null) => void
  /** Tells the other tabs whom this page takes for signed in. */
  readonly note: () => void
  /** Follows another tab that has signed somebody else in or out, perhaps while this page was frozen. */
  readonly check: () => Promise<void>
}

/** @param onChange Called after the subject has changed. */
export function createSubject(platform: Platform, initial: string | null, onChange: () => void): Subject {
  let subject = initial

  function become(next: string | null): void {
    subject = next
    onChange()
  }

  /** Notes and checks wait for each other: until this page has noted its user, the one before is noted. */
  let turn: Promise<unknown> = Promise.resolve()
  const take = (step: 'noteSubject' | 'isOutdated'): Promise<unknown> =>
    (turn = turn
      .then(lazyParts)
      .then((parts): Promise<unknown> => parts[step](platform, subject))
      // Without storage or this part of the app it cannot be told, and what matters fails by itself.
      .catch(() => undefined))

  return {
    current: () => subject,
    set(next) {
      become(next)
      void take('noteSubject')
    },
    note() {
      if (subject) void take('noteSubject')
    },
    async check() {
      const owner = subject
      if (owner && (await take('isOutdated')) && owner === subject) become(null)
    },
  }
}
