import type { Clock } from './clock.js'
import type { Database } from './database.js'

/** Seconds for which a lease holds when its owner is gone, and between two looks of those who wait. */
const leaseSeconds = 15
const lookSeconds = 0.05

/**
 * A lock for browsers without Web Locks: a record that says who holds it and until when. It is renewed while the work
 * goes on, so that only a tab that died lets it run out.
 *
 * @throws {DOMException} `TimeoutError` when it did not come free in time, as the Web Lock does.
 */
export async function withLease<T>(
  { clock, database }: { readonly clock: Clock; readonly database: Database },
  name: string,
  seconds: number,
  work: () => Promise<T>,
): Promise<T> {
  const key = `lease:${name}`
  const owner = crypto.randomUUID()
  const deadline = clock.now() + seconds

  const take = (): Promise<boolean> =>
    database.change([key], ([held]) => {
      const { owner: other, until = 0 } = Object(held) as { owner?: string; until?: number }
      const now = clock.now()
      // One that ends later than any lease can was taken before the clock was set back.
      return until > now && until <= now + leaseSeconds && other !== owner
        ? [{}, false]
        : [{ [key]: { owner, until: now + leaseSeconds } }, true]
    })

  while (!(await take())) {
    if (clock.now() > deadline) throw new DOMException('The lease did not come free in time.', 'TimeoutError')
    await new Promise<void>((resolve) => clock.after(lookSeconds, resolve))
  }
  let stop = (): void => undefined
  const renew = (): void => {
    stop = clock.after(leaseSeconds / 3, () => void take().then(renew, renew))
  }
  renew()
  try {
    return await work()
  } finally {
    stop()
    // Where it cannot be given back it runs out; the work is done all the same.
    await database
      .change([key], ([held]) => [
        (held as { owner?: string } | undefined)?.owner === owner ? { [key]: undefined } : {},
        undefined,
      ])
      .catch(() => undefined)
  }
}
