import type { Context } from '../context.js'
import { Refusal } from '../http/refusal.js'

/** Limit of one user's pending transactions in the store. */
const maximumPending = 40

/** The keys of a user's pending transactions, each with the time at which it expires. */
type Pending = Readonly<Record<string, number>>

const pendingKey = async ({ subjectKey }: Context, subject: string): Promise<string> =>
  `transactions:${await subjectKey(subject)}`

/**
 * Counts one more pending transaction of a user.
 *
 * @throws {Refusal} `rate_limited` when there are too many.
 */
export async function countPending(
  context: Context,
  subject: string,
  key: string,
  expiresAt: number,
): Promise<void> {
  const { records, now } = context
  const wait = await records.change<Pending, number>(await pendingKey(context, subject), (current = {}) => {
    const pending = Object.entries(current).filter(([, until]) => until > now())
    if (pending.length >= maximumPending) {
      return { result: Math.max(1, Math.min(...pending.map(([, until]) => until)) - now()) }
    }
    const write = Object.fromEntries([...pending, [key, expiresAt]])
    return { write, until: Math.max(...Object.values(write)), result: 0 }
  })
  if (wait > 0) throw new Refusal('rate_limited', { retryAfterSeconds: wait, reason: 'pending_transactions' })
}

/** Takes a transaction off the count: it is over. */
export async function uncountPending(context: Context, subject: string, key: string): Promise<void> {
  const { records, now } = context
  await records.change<Pending, undefined>(await pendingKey(context, subject), (current) => {
    if (!current || !Object.hasOwn(current, key)) return { result: undefined }
    const write = Object.fromEntries(Object.entries(current).filter(([name]) => name !== key))
    return { write, until: Math.max(now() + 1, ...Object.values(write)), result: undefined }
  })
}
