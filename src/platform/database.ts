import { promisifyRequest } from 'idb-keyval'
import { StorageError } from '../protocol/errors.js'
import { systemClock, type Clock } from './clock.js'

/** A key-value store over IndexedDB. Every promise settles only when the transaction is complete. */
export interface Database {
  /** The value under a key. @throws {StorageError} when IndexedDB cannot be used. */
  get(key: string): Promise<unknown>
  /**
   * All keys and values, in the order of the keys.
   *
   * @param few How many there may be from a key on.
   * @throws {StorageError} when IndexedDB cannot be used.
   */
  entries(few?: Few): Promise<[key: string, value: unknown][]>
  /**
   * Reads and writes in one transaction: `change` sees the current values and says what to put under which
   * key (`undefined` deletes, no entry leaves as it is). Nobody else, in any tab, comes between.
   *
   * @throws {StorageError} when IndexedDB cannot be used.
   */
  change<Result>(
    keys: readonly string[],
    change: (
      current: readonly unknown[],
    ) => readonly [writes: Readonly<Record<string, unknown>>, result: Result],
  ): Promise<Result>
}

/** A limit for the last records. */
export interface Few {
  /** The key from which on they are counted. */
  readonly from: string
  readonly count: number
}

/** Requests of one transaction. */
type Work<T> = (records: IDBObjectStore) => PromiseLike<T>

/** Limit for one transaction, opening the database included: seconds. A browser may give no answer at all. */
const limitSeconds = 15

const storeName = 'records'

/**
 * Opens (and creates when needed) the database of this name, on first use. Where a database of this name is not ours, because it
 * has no store of ours, it is left alone, and ours is called `<name>-records`.
 */
export function openDatabase(name: string, clock: Pick<Clock, 'after'> = systemClock): Database {
  let connection: Promise<IDBDatabase> | undefined

  const use = <T>(mode: IDBTransactionMode, work: Work<T>): Promise<T> =>
    limit(clock, work, (...limited) => open(mode, ...limited)).catch((error: unknown) => {
      connection = undefined
      throw error
    })

  // A connection may be closed under us (iOS in the background, site data cleared): open again and try once more.
  async function open<T>(mode: IDBTransactionMode, work: Work<T>, mayTryAgain: () => boolean): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const database = await (connection ??= connect(name, () => (connection = undefined)))
        return await work(database.transaction(storeName, mode).objectStore(storeName))
      } catch {
        connection = undefined
        if (attempt > 0 || !mayTryAgain()) throw new StorageError()
      }
    }
  }

  return {
    get: (key) => use('readonly', (records) => promisifyRequest<unknown>(records.get(key))),

    entries: (few) => use('readonly', (records) => readEntries(records, few)),

    change: async (keys, change) => {
      const outcome = await use('readwrite', async (records) => {
        const current = await Promise.all(keys.map((key) => promisifyRequest<unknown>(records.get(key))))
        const [writes, settle] = attempt(() => change(current))
        try {
          for (const [key, value] of Object.entries(writes)) {
            if (value === undefined) records.delete(key)
            else records.put(value, key)
          }
        } catch (error) {
          // Without this the writes before the one that failed would be committed.
          records.transaction.abort()
          throw error
        }
        await promisifyRequest(records.transaction)
        return settle
      })
      return outcome()
    },
  }
}

async function readEntries(records: IDBObjectStore, few?: Few): Promise<[string, unknown][]> {
  const read = async (range?: IDBKeyRange, count?: number): Promise<[string, unknown][]> => {
    const [keys, values] = await Promise.all([
      promisifyRequest(records.getAllKeys(range, count) as IDBRequest<string[]>),
      promisifyRequest(records.getAll(range, count) as IDBRequest<unknown[]>),
    ])
    return keys.map((key, index) => [key, values[index]])
  }
  if (!few) return read()
  const parts = await Promise.all([
    read(IDBKeyRange.upperBound(few.from, true)),
    read(IDBKeyRange.lowerBound(few.from), few.count),
  ])
  return parts.flat()
}

/** @param onClosed Called when the browser has closed the connection, or another page needs it closed. */
async function connect(name: string, onClosed: () => void): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => request.result.createObjectStore(storeName)
  const database = await promisifyRequest(request)
  if (!database.objectStoreNames.contains(storeName)) {
    database.close()
    return connect(`${name}-${storeName}`, onClosed)
  }
  database.onclose = onClosed
  // Whoever deletes the database waits for every connection to it, and whoever opens it meanwhile waits for them.
  database.onversionchange = () => {
    database.close()
    onClosed()
  }
  return database
}

/**
 * Runs the work of a transaction. One that takes too long is undone, also when the database opens after all.
 *
 * @param open Opens the database and runs the work in a transaction; another one only while it is not late.
 */
function limit<T>(
  clock: Pick<Clock, 'after'>,
  work: Work<T>,
  open: (work: Work<T>, mayTryAgain: () => boolean) => Promise<T>,
): Promise<T> {
  let isLate = false
  /** The transaction that is undone. */
  let transaction: IDBTransaction | undefined
  const limited: Work<T> = (records) => {
    transaction = records.transaction
    if (isLate) transaction.abort()
    return work(records)
  }
  // Nobody waits for a late one: the next operation would, for a database that it opens and that may never answer.
  const mayTryAgain = (): boolean => {
    transaction = undefined
    return !isLate
  }
  return new Promise((resolve, reject) => {
    const stopWaiting = clock.after(limitSeconds, () => {
      isLate = true
      try {
        transaction?.abort()
        reject(new StorageError())
      } catch {
        // It has just ended, and says itself how.
      }
    })
    void open(limited, mayTryAgain).then(resolve, reject).finally(stopWaiting)
  })
}

/** Passes on what `change` throws: it is no fault of the storage, and nothing is written then. */
function attempt<Result>(
  change: () => readonly [writes: Readonly<Record<string, unknown>>, result: Result],
): [writes: Readonly<Record<string, unknown>>, settle: () => Result] {
  try {
    const [writes, result] = change()
    return [writes, () => result]
  } catch (error) {
    return [
      {},
      () => {
        throw error
      },
    ]
  }
}
