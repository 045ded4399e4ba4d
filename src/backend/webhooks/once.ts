import type { Context } from '../context.js'
import { Refusal } from '../http/refusal.js'
import { leaseRecord, skewSeconds, type Lease } from '../storage/lease.js'

type DeliveryRecord = { readonly done: true } | { readonly failed: true } | { readonly lease: Lease }

/** Seconds that the app may take for a delivery. */
const leaseSeconds = 60

/** Seconds after which a delivery whose replica has died may be done again, whichever clock is ahead. */
const heldSeconds = leaseSeconds + skewSeconds

/**
 * Does the work of one delivery once, in whatever replica it arrives, and however often. Where the work fails, or its process ends, it
 * may be done again.
 *
 * @param id Names the delivery; no secret.
 * @param keptSeconds Seconds for which a repetition has no effect.
 * @returns Whether this call did it; it had been done otherwise.
 * @throws {Refusal} `backend_unavailable` while another replica is at it; what the work throws.
 */
export async function once(
  { records, now }: Context,
  id: string,
  keptSeconds: number,
  work: () => Promise<void>,
): Promise<boolean> {
  const key = `delivery:${id}`
  const record = leaseRecord<DeliveryRecord>((next) => records.change(key, next), now, {
    leaseOf: (current) => ('lease' in current ? current.lease : undefined),
    leaseSeconds,
    pollMilliseconds: 50,
  })
  const claim = await record.claim<Lease | 'done' | 'held'>((current, lease, held) => {
    if (current && 'done' in current) return { result: 'done' }
    if (held) return { result: 'held' }
    // The app begins at once: a clock that is ahead must not let another replica begin, too.
    const sent = { ...lease, sent: true }
    return { write: { lease: sent }, until: now() + Math.max(heldSeconds, keptSeconds), result: sent }
  })
  if (claim === 'done') return false
  if (claim === 'held')
    throw new Refusal('backend_unavailable', { reason: 'webhook:held', retryAfterSeconds: 1 })
  try {
    await work()
  } catch (error) {
    // Under the lease alone: where another has taken over, its record stays.
    await record.conclude(claim, () => ({ write: { failed: true }, until: now() + keptSeconds }))
    throw error
  }
  await record.conclude(claim, () => ({ write: { done: true }, until: now() + keptSeconds }))
  return true
}
