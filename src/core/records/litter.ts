import { isConnectionRecord } from './connection.js'
import { isOldNote } from './disconnected.js'
import { connectionKey, leaseKey, tokensKey } from './keys.js'

/** Seconds after which a lease that nobody has given back may go: it runs out long before. */
const leaseSeconds = 24 * 3600

/** True for what a newer version of this library wrote: only that version knows what it is. */
export const isNewer = (value: unknown): boolean => {
  const { v } = Object(value) as { v?: unknown }
  return typeof v === 'number' && v > 1
}

/**
 * True for a record, other than that of a transaction, that is of no use to anybody any more: notes and leases that are old,
 * and connections and tokens that cannot be read.
 */
export function isLitter(entry: readonly [key: string, value: unknown], now: number): boolean {
  const [key, value] = entry
  if (isNewer(value)) return false
  const { v, until } = Object(value) as { v?: unknown; until?: unknown }
  if (key.startsWith(leaseKey(''))) return !(now - Number(until) < leaseSeconds)
  if (key.startsWith(connectionKey(''))) return !isConnectionRecord([key, value])
  if (key.startsWith(tokensKey(''))) return v !== 1
  return isOldNote(value, now)
}
