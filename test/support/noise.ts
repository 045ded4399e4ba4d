import { openDatabase, type Database } from '../../src/platform/database.js'

/**
 * The browser's database, for a page in which something happens in the very moment between the outcome of a redemption
 * being stored and being told: whenever the page reads the list of connections from then on. The reading waits for it.
 *
 * @param happen Is given a way to wait until the list is read once more.
 */
export function interrupted(happen: (nextRead: () => Promise<void>) => unknown): Database {
  const real = openDatabase('countersign')
  const waiting: (() => void)[] = []
  const nextRead = () => new Promise<void>((resolve) => waiting.push(resolve))
  return {
    ...real,
    async entries() {
      for (const resolve of waiting.splice(0)) resolve()
      const found = await real.entries()
      if (found.some(([, value]) => (Object(value) as { phase?: unknown }).phase === 'done'))
        await happen(nextRead)
      return found
    },
  }
}

/** Work that is done the first time only. */
export function once<Args extends readonly unknown[]>(
  work: (...args: Args) => unknown,
): (...args: Args) => unknown {
  let done = false
  return (...args) => {
    if (done) return undefined
    done = true
    return work(...args)
  }
}
