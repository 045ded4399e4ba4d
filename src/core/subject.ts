import type { Platform } from '../platform/platform.js'
import { CountersignError } from '../protocol/errors.js'
import { isOutdated, noteSubject } from './records/subject.js'

/**
 * The `subject` of an app without users of its own: everybody at this browser is the same user. Do not use it while you
 * find out who is signed in: give a promise then.
 *
 * @example
 * ```ts
 * import { createClient, singleUser } from 'countersign'
 * import { apiture } from 'countersign/providers'
 *
 * export const bank = createClient({
 *   subject: singleUser,
 *   providers: { apiture: apiture({ clientId: 'my-client', scope: 'openid banking/read' }) },
 * })
 * ```
 */
export const singleUser: unique symbol = Symbol.for('countersign.singleUser')

/** The app's user, as `createClient` takes it. */
export type SubjectOption = string | null | Promise<string | null> | typeof singleUser

/** The app's user, as this page knows it. */
export interface Subject {
  /** `''` for {@link singleUser}, `null` while nobody is signed in, `undefined` while it is not known. */
  readonly current: () => string | null | undefined
  /** Resolves when it is known. Never rejects. */
  readonly known: () => Promise<unknown>
  /** Resolves when it is known. @throws {CountersignError} `subject_unknown` when the app could not find out. */
  readonly require: () => Promise<unknown>
  /**
   * Says who is signed in now, here and to the other tabs. Resolves when they are told, as far as storage allows.
   *
   * @throws {TypeError} at once, for anything but an id or `null`.
   */
  readonly set: (subject: string | null) => Promise<unknown>
  /** Follows another tab that has signed somebody else in or out, perhaps while this page was frozen. */
  readonly check: () => Promise<void>
  /** Begins to watch: the test it gives is true while the same user has stayed, without anybody in between. */
  readonly watch: () => () => boolean
  /** Calls back when everything shown or held must go: the user has changed or signed out. */
  readonly onReset: (listener: () => void) => void
  /** Begins to follow the app's promise, and tells the other tabs whom this page takes for signed in. */
  readonly start: (follower: Follower) => void
  /** Ends following: a promise that settles later changes nothing. */
  readonly stop: () => void
}

/** Reacts when it becomes known, or turns out to be unknown, who is signed in. */
export interface Follower {
  /** Called after every change, also when it becomes known. */
  readonly changed: () => void
  readonly failed: (error: CountersignError) => void
}

/** @throws {TypeError} for an option that names nobody. */
export function createSubject(platform: Platform, option: SubjectOption): Subject {
  const promise = isPromise(option) ? option.then(checkSubject) : undefined
  // Nothing follows it on a server, where an unhandled rejection would end the process.
  promise?.catch(() => undefined)
  let subject = isPromise(option) ? undefined : option === singleUser ? '' : checkSubject(option)
  let failed = false
  let follower: Follower | undefined
  const { reset, ...changes } = createChanges()
  const [known, end] = createWait()
  const [failure, fail] = createWait()
  const take = createNotes(platform, () => subject ?? null)
  if (!promise) end()

  function become(next: string | null): void {
    const isAnother = subject !== undefined || failed
    subject = next
    end()
    // Work that began before the user was known goes on for that user.
    if (isAnother) reset()
    follower?.changed()
  }

  return {
    current: () => subject,
    ...changes,
    known: () => known,
    require: () => Promise.race([known, failure]),
    set(next) {
      // The same user has signed in again, after the backend said that nobody was.
      if (checkSubject(next) === subject) {
        follower?.changed()
        return Promise.resolve()
      }
      become(next)
      return follower ? take(noteSubject) : Promise.resolve()
    },
    async check() {
      const owner = subject
      if (owner && (await take(isOutdated)) && owner === subject) become(null)
    },
    start(next) {
      follower = next
      if (subject) void take(noteSubject)
      // A setSubject() in the meantime is newer.
      const isLate = (): boolean => subject !== undefined || !follower
      promise?.then(
        (found) => {
          if (isLate()) return
          become(found)
          if (found) void take(noteSubject)
        },
        () => {
          if (isLate()) return
          failed = true
          fail(Promise.reject(subjectUnknown()))
          next.failed(subjectUnknown())
        },
      )
    },
    stop() {
      follower = undefined
    },
  }
}

const isPromise = (option: unknown): option is Promise<unknown> =>
  typeof (Object(option) as { then?: unknown }).then === 'function'

/** @throws {TypeError} unless it is an id or `null`. The value is in no message. */
function checkSubject(value: unknown): string | null {
  if (value === null || (typeof value === 'string' && value !== '')) return value
  throw new TypeError(
    `The subject is ${value === '' ? 'an empty string' : typeof value}. Give the id of the app's user as a string, null when nobody is signed in, or singleUser when the app has no users; createClient also takes a promise while you find out.`,
  )
}

const subjectUnknown = (): CountersignError =>
  new CountersignError(
    'subject_unknown',
    'It is not known who is signed in to this app: the promise given as `subject` was rejected, or gave neither an id nor null. Find out again, then call setSubject().',
    { recovery: 'sign_in' },
  )

/** Tells of changes of the user, and of whether there has been one. */
function createChanges(): Pick<Subject, 'watch' | 'onReset'> & { readonly reset: () => void } {
  const listeners: (() => void)[] = []
  let changes = 0
  return {
    reset() {
      changes += 1
      for (const listener of listeners) listener()
    },
    onReset(listener) {
      listeners.push(listener)
    },
    watch() {
      const since = changes
      return () => since === changes
    },
  }
}

/** Notes and checks run one after the other: until this page has noted its user, the previous one is noted. */
function createNotes(
  platform: Platform,
  subject: () => string | null,
): (step: typeof noteSubject | typeof isOutdated) => Promise<unknown> {
  let turn: Promise<unknown> = Promise.resolve()
  return (step) =>
    (turn = turn
      .then((): Promise<unknown> => step(platform, subject()))
      // Without storage it cannot be told, and what matters fails by itself.
      .catch(() => undefined))
}

/** A promise and what settles it. Where it is rejected and nobody waits, that is no error. */
function createWait(): [promise: Promise<unknown>, settle: (result?: Promise<never>) => void] {
  let settle!: (result?: Promise<never>) => void
  const promise = new Promise<unknown>((resolve) => {
    settle = resolve
  })
  promise.catch(() => undefined)
  return [promise, settle]
}
