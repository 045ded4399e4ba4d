import { Refusal } from '../http/refusal.js'
import { isSealed, type Opened, type Sealing, type Unreadable } from './sealing.js'
import type { Store } from './store.js'

/** A change to a record, and its result for the caller. */
export interface Change<T, R> {
  /** The new record; left out: it stays as it is. */
  readonly write?: T
  /** Epoch seconds until which the new record is kept. */
  readonly until?: number
  readonly result: R
}

/**
 * JSON values in the store, sealed where there are keys. An unreadable record is not absent: every method refuses it with
 * `backend_unavailable` and leaves it as it is, since the key may come back.
 */
export interface Records {
  /** The record, or `undefined` where there is none or it has expired. @throws {Refusal} where it cannot be read */
  read<T>(key: string): Promise<T | undefined>
  /**
   * Compare and swap: `next` may be called again when another caller was faster, so it has no effects.
   *
   * @param attempts Number of tries while others are faster. @defaultValue 30
   * @throws {Refusal} `backend_unavailable` where the record cannot be read (`next` is not called then), or others are
   * faster every time
   */
  change<T, R>(key: string, next: (current: T | undefined) => Change<T, R>, attempts?: number): Promise<R>
  /** @throws {Refusal} where the record cannot be read; it stays */
  remove(key: string): Promise<void>
  /**
   * Removes a record that others change at the same time, and gives it as it was last: what somebody has just written is not lost.
   *
   * @param prepare Is called before; again with the newer record when another caller was faster.
   * @returns `undefined` where there is none, or another caller takes it.
   * @throws {Refusal} as {@link change}
   */
  take<T>(key: string, prepare: (record: T) => Promise<void>): Promise<T | undefined>
  /**
   * The same records for one request: a record it has read or written is not opened again until the store has another.
   *
   * @param report Hears of unreadable records, in place of these records' own report.
   */
  forRequest(report: Report): Records
}

/** Hears of an unreadable record. */
export type Report = (unreadable: { readonly key: string; readonly reason: Unreadable }) => void

/** Number of tries of one change while others are faster. */
const usualAttempts = 30

/** The value of a record that somebody takes: it reads as absent, and only they delete it. */
const taken = null

/** Seconds until such a value expires, should the process die before it is deleted. */
const takenSeconds = 60

/** What has been read or written, by key: it need not be opened again. */
type Known = Map<string, { readonly text: string; readonly value: unknown }>

export function createRecords(
  store: Store,
  sealing: Sealing | undefined,
  now: () => number,
  report: Report,
  known?: Known,
): Records {
  const { decode, encode } = createCoding(sealing, now, report, known)

  async function read<T>(key: string): Promise<T | undefined> {
    const entry = await store.get(key)
    return entry && decode<T>(key, entry.value)
  }

  /** Compares and swaps, again and again while others are faster. */
  async function swap<T, R>(
    key: string,
    next: (current: T | undefined) => Change<T, R> | Promise<Change<T | typeof taken, R>>,
    attempts = usualAttempts,
  ): Promise<R> {
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const entry = await store.get(key)
      const { write, until = 0, result } = await next(entry && (await decode<T>(key, entry.value)))
      if (write === undefined) return result
      // To an earlier version a record that is taken has expired.
      const text = await encode(key, write, write === taken ? 0 : until)
      if (await put(store, key, text, entry?.version ?? null, until)) {
        known?.set(key, { text, value: write ?? undefined })
        return result
      }
      await pause(attempt)
    }
    throw new Refusal('backend_unavailable', { reason: 'store_contention' })
  }

  return {
    read,
    change: swap,

    async remove(key) {
      await read(key)
      await store.delete(key)
    },

    async take<T>(key: string, prepare: (record: T) => Promise<void>) {
      const record = await swap<T, T | undefined>(key, async (current) => {
        if (current === undefined) return { result: undefined }
        await prepare(current)
        return { write: taken, until: now() + takenSeconds, result: current }
      })
      // It reads as absent already, and ends by itself.
      if (record !== undefined) await store.delete(key).catch(() => undefined)
      return record
    },

    forRequest: (ownReport) => createRecords(store, sealing, now, ownReport, new Map()),
  }
}

/** Makes values of texts, and texts of values. */
function createCoding(sealing: Sealing | undefined, now: () => number, report: Report, known?: Known) {
  async function decode<T>(key: string, text: string): Promise<T | undefined> {
    const before = known?.get(key)
    if (before?.text === text) return before.value as T
    const opened = sealing ? await sealing.open(text, `record ${key}`, now()) : parse(text)
    if (opened.status !== 'open' && opened.status !== 'expired') {
      report({ key, reason: opened.status })
      throw new Refusal('backend_unavailable', { reason: `record:${opened.status}` })
    }
    const value = opened.status === 'open' ? (opened.value ?? undefined) : undefined
    known?.set(key, { text, value })
    return value as T | undefined
  }

  const encode = (key: string, value: unknown, until: number): Promise<string> | string =>
    sealing ? sealing.seal(value, `record ${key}`, until) : JSON.stringify(value)

  return { decode, encode }
}

/**
 * Writes. A store whose answer is lost may have written all the same, so it is asked: every text is unique, by its
 * initialization vector or its lease. Otherwise a claim that nobody knows of would stand in the way of its own maker.
 */
async function put(
  store: Store,
  key: string,
  text: string,
  version: string | null,
  until: number,
): Promise<boolean> {
  try {
    return await store.put(key, text, version, until)
  } catch (error) {
    const entry = await store.get(key).catch(() => undefined)
    if (entry?.value === text) return true
    throw error
  }
}

/** A record that was written without keys. */
function parse(text: string): Opened {
  if (isSealed(text)) return { status: 'no_keys' }
  try {
    return { status: 'open', value: JSON.parse(text), expiresAt: Infinity }
  } catch {
    return { status: 'damaged' }
  }
}

/** Waits a random time, longer with each attempt, so that callers who collided do not collide again. */
function pause(attempt: number): Promise<void> {
  const milliseconds = Math.random() * Math.min(2 ** attempt, 100)
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
