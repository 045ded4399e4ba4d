import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from './refusal.js'

const seconds = 900
const maximumAttempts = 2

const keyOf = ({ subject, provider, state }) => JSON.stringify([subject, provider, state])

/**
 * Who began what, in this process's memory. A transaction belongs to one user, provider and state; it is redeemed once, by
 * whoever holds the verifier.
 */
export function createTransactions() {
  const all = new Map()

  function sweep() {
    const now = Date.now() / 1000
    for (const [key, { until }] of all) if (until <= now) all.delete(key)
  }

  return {
    seconds,

    begin(owner, transaction) {
      sweep()
      const key = keyOf(owner)
      const known = all.get(key)
      // The same request may come again, because its answer was lost; any other has no right to this state.
      const again = known && known.challenge === transaction.challenge && known.attempts === 0
      if (known && !again) throw new Refusal('transaction_invalid')
      all.set(key, { ...transaction, attempts: 0, until: Date.now() / 1000 + seconds })
    },

    /** Spends the code once, whoever asks how often; gives the connection's id. */
    async redeem(owner, verifier, spend) {
      sweep()
      const transaction = all.get(keyOf(owner))
      if (!transaction) throw new Refusal('transaction_invalid')
      if (!isAnswer(verifier, transaction.challenge)) throw new Refusal('transaction_invalid')
      if (transaction.connection) return transaction.connection
      if (transaction.running) return transaction.running
      if (transaction.over) throw new Refusal('transaction_invalid')
      transaction.attempts += 1
      transaction.running = attempt(transaction, spend)
      return transaction.running
    },
  }
}

async function attempt(transaction, spend) {
  try {
    const id = await spend(transaction)
    transaction.connection = id
    return id
  } catch (error) {
    // Only where no answer came may the code still be good.
    transaction.over = error.error !== 'provider_unavailable' || transaction.attempts >= maximumAttempts
    throw error
  } finally {
    transaction.running = undefined
  }
}

/** RFC 7636 §4.6. */
function isAnswer(verifier, challenge) {
  const hash = createHash('sha256').update(verifier).digest('base64url')
  return timingSafeEqual(Buffer.from(hash), Buffer.from(challenge))
}
