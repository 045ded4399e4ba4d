import type { Change } from './records.js'

/** Seconds by which the clocks of two replicas differ at most. */
export const skewSeconds = 300

/** The right to do the work of one record. It lies in the record for as long as the work takes. */
export interface Lease {
  readonly id: string
  /** Epoch seconds, by the clock of its holder, at which it runs out. */
  readonly until: number
  /**
   * `false` while its holder has sent nothing that cannot be repeated: then it ends by the clock, and its holder finds that out
   * before it sends. Of any other, clocks decide nothing, since those of two replicas differ: see {@link LeasedRecord}.
   */
  readonly sent?: boolean | undefined
}

/** True for a lease whose holder may still be at work, by the clocks alone. @param now Epoch seconds. */
export const mayBeHeld = ({ until, sent }: Lease, now: number): boolean =>
  until + (sent === false ? 0 : skewSeconds) > now

/**
 * Leases of this process whose holder was told that a write failed, and has given up. The store may hold them all the same: it may have
 * written a claim without saying so, or not have taken a conclusion. `true`: it was the claim, so the work never began.
 */
const abandoned = new Map<string, boolean>()

/** Most of them that are remembered; of those before, the clock decides. */
const maximumAbandoned = 10_000

function abandon(id: string, isClaim: boolean): void {
  abandoned.set(id, isClaim)
  const [oldest] = abandoned.keys()
  if (abandoned.size > maximumAbandoned && oldest !== undefined) abandoned.delete(oldest)
}

/** True for a lease that stands in nobody's way: nothing was sent under it, and nothing will be. */
const isAbandoned = ({ id, sent }: Lease): boolean =>
  abandoned.get(id) === true || (sent === false && abandoned.has(id))

/** Terms of the leases of one kind of record. */
export interface LeaseTerms<T> {
  /** The lease in a record, run out or not. */
  readonly leaseOf: (record: T) => Lease | undefined
  /** Seconds that the work may take. */
  readonly leaseSeconds: number
  /** Milliseconds between two looks at a record whose lease another caller holds; more, the longer it takes. */
  readonly pollMilliseconds: number
}

/** The longest pause between two looks. */
const maximumPause = 1000

/** Result of {@link LeasedRecord.proceed} and {@link LeasedRecord.conclude}; `overtaken`: another lease, or none, is in the record by now. */
export type Conclusion = 'written' | 'overtaken' | 'gone'

/**
 * A record whose work one caller does while the others wait, in this process or in another replica:
 *
 * ```
 * A   claim ─ proceed: sent ─ work ─ conclude
 * B      claim: held ─ wait ───────────────── claim: done
 * ```
 *
 * A lease under which something was sent is over when a caller has seen it unchanged for `leaseSeconds`, which no clock that is
 * set can shorten, or when it has run out longer ago than clocks differ.
 */
export interface LeasedRecord<T> {
  /**
   * Decides about the record by compare and swap, and decides again while the decision is to wait.
   *
   * @param decide Returns `wait` while `held`, or the change of the record: it claims the work by writing `lease` into
   * it. May be called any number of times, so it has no effects.
   * @throws as `Records.change`.
   */
  claim<R>(decide: (current: T | undefined, lease: Lease, held: boolean) => Change<T, R> | 'wait'): Promise<R>
  /**
   * Notes that something will be sent, if the record still holds its lease. The lease runs from now: if the machine slept since
   * the claim, a replica that wakes up with it must not take the lease for expired.
   *
   * @param next Writes `sending` in the place of the lease.
   * @throws as `Records.change`.
   */
  proceed(
    lease: Lease,
    next: (current: T, sending: Lease) => { readonly write: T; readonly until?: number },
  ): Promise<Conclusion>
  /** Writes the result of the work, if the record still holds its lease. @throws as `Records.change`. */
  conclude(
    lease: Lease,
    next: (current: T) => { readonly write: T; readonly until?: number },
  ): Promise<Conclusion>
}

/**
 * Makes the claiming and concluding of one record.
 *
 * @param change Compare and swap of the record, as `Records.change` does it for a key.
 * @param now Epoch seconds.
 */
export function leaseRecord<T>(
  change: <R>(next: (current: T | undefined) => Change<T, R>) => Promise<R>,
  now: () => number,
  { leaseOf, leaseSeconds, pollMilliseconds }: LeaseTerms<T>,
): LeasedRecord<T> {
  const leaseIn = (record: T | undefined): Lease | undefined =>
    record === undefined ? undefined : leaseOf(record)

  /** @param watched Seconds for which it has been seen as it is. */
  const isHeld = (lease: Lease, watched: number): boolean =>
    !isAbandoned(lease) && watched < leaseSeconds && mayBeHeld(lease, now())

  /** Changes the record for the holder of a lease, who gives up where that fails. */
  const changeFor = <R>(
    id: string,
    next: (current: T | undefined) => Change<T, R>,
    isClaim = false,
  ): Promise<R> =>
    change(next).catch((error: unknown) => {
      abandon(id, isClaim)
      throw error
    })

  const write: LeasedRecord<T>['conclude'] = ({ id }, next) =>
    changeFor<Conclusion>(id, (current) => {
      if (current === undefined) return { result: 'gone' }
      if (leaseIn(current)?.id !== id) return { result: 'overtaken' }
      return { ...next(current), result: 'written' }
    })

  return {
    async claim<R>(
      decide: (current: T | undefined, lease: Lease, held: boolean) => Change<T, R> | 'wait',
    ): Promise<R> {
      const id = crypto.randomUUID()
      let seen: Lease | undefined
      let milliseconds = 0
      for (;;) {
        let found: Lease | undefined
        const look = (current: T | undefined): Change<T, { readonly is: R } | 'wait'> => {
          found = leaseIn(current)
          const watched = found && isSame(found, seen) ? milliseconds / 1000 : 0
          const held = found !== undefined && isHeld(found, watched)
          const decision = decide(current, { id, until: now() + leaseSeconds, sent: false }, held)
          return decision === 'wait' ? { result: decision } : { ...decision, result: { is: decision.result } }
        }
        const decided = await changeFor(id, look, true)
        if (decided !== 'wait') return decided.is
        if (!isSame(found, seen)) milliseconds = 0
        seen = found
        const pause = Math.max(pollMilliseconds, Math.min(milliseconds / 8, maximumPause))
        await new Promise((resolve) => setTimeout(resolve, pause))
        milliseconds += pause
      }
    },

    proceed: (lease, next) =>
      write(lease, (current) => next(current, { ...lease, sent: true, until: now() + leaseSeconds })),
    conclude: write,
  }
}

const isSame = (one: Lease | undefined, other: Lease | undefined): boolean =>
  one?.id === other?.id && one?.sent === other?.sent
