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

  let seen = 0
  let looks = 0

  const take = (): Promise<boolean> =>
    database.change([key], ([held]) => {
      const { owner: other, until = 0 } = Object(held) as { owner?: string; until?: number }
      const now = clock.now()
      looks = until === seen ? looks + 1 : 0
      seen = until
      // Not renewed for so long its owner is gone, whatever the clock says that was set back meanwhile.
      const isAbandoned = looks * lookSeconds > leaseSeconds
      return until > now && other !== owner && !isAbandoned
        ? [{}, false]
        : [{ [key]: { owner, until: now + leaseSeconds } }, true]
    })

  // A timer: the clock may be set back meanwhile.
  let isOver = false
  const stopWaiting = clock.after(seconds, () => (isOver = true))
  try {
    while (!(await take())) {
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the timer may have set it
      if (isOver) throw new DOMException('The lease did not come free in time.', 'TimeoutError')
      await new Promise<void>((resolve) => clock.after(lookSeconds, resolve))
    }
  } finally {
    stopWaiting()
  }
  let isWorking = true
  let stop = (): void => undefined
  const renew = (): void => {
    // The work may have ended while it was being renewed.
    if (isWorking) stop = clock.after(leaseSeconds / 3, () => void take().then(renew, renew))
  }
  renew()
  try {
    return await work()
  } finally {
    isWorking = false
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
