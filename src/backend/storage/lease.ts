import type { Change } from './records.js'

/** The right to do the work of one record. It lies in the record for as long as the work takes. */
export interface Lease {
  readonly id: string
  /** Epoch seconds after which others no longer wait for its holder. */
  readonly until: number
}

/** Terms of the leases of one kind of record. */
export interface LeaseTerms<T> {
  /** The lease in a record, run out or not. */
  readonly leaseOf: (record: T) => Lease | undefined
  /** Seconds that the work may take. */
  readonly leaseSeconds: number
  /** Milliseconds between two looks at a record whose lease another caller holds. */
  readonly pollMilliseconds: number
}

/** Result of {@link LeasedRecord.conclude}; `overtaken`: another lease, or none, is in the record by now. */
export type Conclusion = 'written' | 'overtaken' | 'gone'

/**
 * A record whose work one caller does while the others wait, in this process or in another replica:
 *
 * ```
 * A   claim ─ work ─────────── conclude
 * B      claim: held ─ wait ─────────── claim: done
 * ```
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

  return {
    async claim<R>(
      decide: (current: T | undefined, lease: Lease, held: boolean) => Change<T, R> | 'wait',
    ): Promise<R> {
      const id = crypto.randomUUID()
      for (;;) {
        const decided = await change<{ readonly is: R } | 'wait'>((current) => {
          const held = (leaseIn(current)?.until ?? 0) > now()
          const decision = decide(current, { id, until: now() + leaseSeconds }, held)
          return decision === 'wait' ? { result: decision } : { ...decision, result: { is: decision.result } }
        })
        if (decided !== 'wait') return decided.is
        await new Promise((resolve) => setTimeout(resolve, pollMilliseconds))
      }
    },

    conclude: ({ id }, next) =>
      change<Conclusion>((current) => {
        if (current === undefined) return { result: 'gone' }
        if (leaseIn(current)?.id !== id) return { result: 'overtaken' }
        return { ...next(current), result: 'written' }
      }),
  }
}
