import type { ContractError, JsonObject } from '../protocol/contract.js'
import { calculateCodeChallenge, sha256 } from '../protocol/pkce.js'
import type { ConnectionRecord } from './connections.js'
import type { Context } from './context.js'
import { insist } from './insist.js'
import type { Change, OwnWrite } from './records.js'
import { Refusal } from './refusal.js'
import { isSameHash } from './same-hash.js'

/** Whose transaction it is: it opens and is found for the same user, provider and state only. */
export interface TransactionOwner {
  readonly subject: string
  readonly provider: string
  readonly state: string
}

/** What an authorization request leaves for the token request that belongs to it. */
export interface Transaction {
  readonly challenge: string
  readonly nonce?: string | undefined
  readonly redirectUri: string
  readonly scope: string
  /** The connection to renew. */
  readonly connection?: string | undefined
  readonly data?: JsonObject | undefined
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** What is known about a transaction in the store. With a sealed handle there is nothing before its redemption. */
type TransactionRecord =
  | { readonly phase: 'begun'; readonly transaction: Transaction; readonly attempts: number }
  | {
      readonly phase: 'redeeming'
      readonly transaction: Transaction
      readonly attempts: number
      readonly lease: string
      readonly leaseUntil: number
    }
  | { readonly phase: 'done'; readonly challenge: string; readonly connection: string }
  | { readonly phase: 'failed'; readonly challenge: string; readonly error: ContractError }

/** The largest handle that a page is asked to keep: 2 kB. */
const maximumHandleLength = 2048

/** How many transactions a user may have pending in the store. */
const maximumPending = 40

/** Seconds for which a finished transaction answers the same request in the same way. */
const tombstoneSeconds = 900

/** Seconds that one redemption may take, keys of the ID Token included. */
const leaseSeconds = 60

/** How often a code is sent: once, and once more if the first request was not answered. */
const maximumAttempts = 2

const invalid = (reason: string): Refusal => new Refusal('transaction_invalid', { reason })

const recordKey = async ({ subject, provider, state }: TransactionOwner): Promise<string> =>
  `transaction:${await sha256(JSON.stringify([subject, provider, state]))}`

const sealContext = ({ subject, provider, state }: TransactionOwner): string =>
  `transaction ${JSON.stringify([subject, provider, state])}`

/**
 * Counts a transaction that the store will keep, before anything is signed or sent for it.
 *
 * @returns What takes it back, for when there will be no transaction after all.
 * @throws {Refusal} `rate_limited` when the user has too many pending.
 */
export async function reserveTransaction(
  context: Context,
  owner: TransactionOwner,
  expiresAt: number,
): Promise<() => Promise<void>> {
  if (context.sealing) return () => Promise.resolve()
  const key = await recordKey(owner)
  await countPending(context, owner, key, expiresAt)
  return () => uncountPending(context, owner, key)
}

/**
 * Keeps a transaction: sealed for the page to carry where there are keys and it is small, else in the store.
 *
 * @returns The handle, or `undefined` where the store keeps it.
 * @throws {Refusal} `rate_limited` when the user has too many pending; `transaction_invalid` for a state seen before.
 */
export async function createTransaction(
  context: Context,
  owner: TransactionOwner,
  transaction: Transaction,
): Promise<string | undefined> {
  const handle = await context.sealing?.seal(transaction, sealContext(owner), transaction.expiresAt)
  if (handle !== undefined && handle.length <= maximumHandleLength) return handle
  const key = await recordKey(owner)
  // Too large to be carried, so it has not been counted.
  if (handle !== undefined) await countPending(context, owner, key, transaction.expiresAt)
  const created = await context.records.change<TransactionRecord, boolean>(key, (current) => {
    // The page may ask again for the same, because it did not see the answer; for anything else the state is taken.
    const again =
      current?.phase === 'begun' && isSameHash(current.transaction.challenge, transaction.challenge)
    if (current && !again) return { result: false }
    const write = { phase: 'begun' as const, transaction, attempts: 0 }
    return { write, until: transaction.expiresAt, result: true }
  })
  if (!created) throw invalid('state_reused')
  return undefined
}

/** The keys of a user's pending transactions, each with the time at which it expires. */
type Pending = Readonly<Record<string, number>>

const pendingKey = async ({ subjectKey }: Context, subject: string): Promise<string> =>
  `transactions:${await subjectKey(subject)}`

async function countPending(
  context: Context,
  { subject }: TransactionOwner,
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

async function uncountPending(context: Context, { subject }: TransactionOwner, key: string): Promise<void> {
  const { records, now } = context
  await records.change<Pending, undefined>(await pendingKey(context, subject), (current) => {
    if (!current || !Object.hasOwn(current, key)) return { result: undefined }
    const write = Object.fromEntries(Object.entries(current).filter(([name]) => name !== key))
    return { write, until: Math.max(now() + 1, ...Object.values(write)), result: undefined }
  })
}

/** What a token request says about its transaction. */
export interface TransactionProof extends TransactionOwner {
  readonly codeVerifier: string
  /** The handle, where the page was given one. */
  readonly handle: string | undefined
}

/** The two steps of a redemption. */
export interface RedemptionSteps<Grant> {
  /** Spends the code. */
  readonly spend: (transaction: Transaction) => Promise<Grant>
  /** Stores what it gave, as a connection. Whatever it throws, the transaction is over. */
  readonly keep: (transaction: Transaction, grant: Grant) => Promise<ConnectionRecord>
}

/**
 * Redeems a transaction once, whoever asks how often: who asks while it is under way waits, who asks afterwards gets the
 * same connection.
 *
 * @returns The connection as it has just been stored, or the id of one that was stored before.
 * @throws {Refusal} `transaction_invalid` before the code is spent, when user, provider, state or verifier do not belong
 * together, or it is over; what the steps throw otherwise.
 * @see https://www.rfc-editor.org/rfc/rfc9700.html#section-2.1.1
 */
export async function redeemOnce<Grant>(
  context: Context,
  proof: TransactionProof,
  steps: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | string> {
  const { redemptions } = context
  const [key, challenge, carried] = await Promise.all([
    recordKey(proof),
    calculateCodeChallenge(proof.codeVerifier),
    openHandle(context, proof),
  ])
  const sameRequest = `${key} ${challenge}`
  const running = redemptions.get(sameRequest)
  if (running) return running
  const redemption = redeemHere(context, proof, { key, challenge, carried }, steps).finally(() => {
    redemptions.delete(sameRequest)
  })
  redemptions.set(sameRequest, redemption)
  return redemption
}

/** What is to be done about a transaction now. */
type Claim =
  | { readonly redeem: Transaction; readonly attempts: number }
  | { readonly done: string }
  | { readonly wait: true }
  | { readonly refuse: string }

/** A token request's transaction, as far as the request itself tells. */
interface Presented {
  /** Of its record in the store. */
  readonly key: string
  /** S256 of the verifier. */
  readonly challenge: string
  /** What the handle holds. */
  readonly carried: Transaction | undefined
}

async function openHandle(
  { sealing, now }: Context,
  proof: TransactionProof,
): Promise<Transaction | undefined> {
  if (proof.handle === undefined) return undefined
  return (await sealing?.open(proof.handle, sealContext(proof), now())) as Transaction | undefined
}

async function redeemHere<Grant>(
  context: Context,
  proof: TransactionProof,
  presented: Presented,
  steps: RedemptionSteps<Grant>,
): Promise<ConnectionRecord | string> {
  const lease: Lease = { id: crypto.randomUUID(), own: {} }
  for (;;) {
    const claim = await claimTransaction(context, presented, lease)
    if ('done' in claim) return claim.done
    if ('refuse' in claim) throw invalid(claim.refuse)
    if ('redeem' in claim) {
      const connection = await attempt(context, presented.key, lease, claim, steps)
      // One that the page has carried was never counted.
      if (!presented.carried) await uncountPending(context, proof, presented.key)
      return connection
    }
    // Another replica is at it: its result will be ours.
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** The right to redeem. */
interface Lease {
  readonly id: string
  readonly own: OwnWrite<TransactionRecord>
}

async function claimTransaction(
  { records, now }: Context,
  { key, challenge, carried }: Presented,
  { id: lease, own }: Lease,
): Promise<Claim> {
  const claim = (current: TransactionRecord | undefined): Change<TransactionRecord, Claim> => {
    if (current?.phase === 'done' || current?.phase === 'failed') {
      if (!isSameHash(current.challenge, challenge)) return { result: { refuse: 'verifier' } }
      return { result: current.phase === 'done' ? { done: current.connection } : { refuse: 'spent' } }
    }
    const transaction = current?.transaction ?? carried
    if (!transaction) return { result: { refuse: 'unknown' } }
    // Compared before the code is spent: who does not hold the verifier cannot waste it.
    if (!isSameHash(transaction.challenge, challenge)) return { result: { refuse: 'verifier' } }
    if (current?.phase === 'redeeming' && current.leaseUntil > now()) return { result: { wait: true } }
    if (transaction.expiresAt <= now()) return { result: { refuse: 'expired' } }
    const attempts = (current?.attempts ?? 0) + 1
    if (attempts > maximumAttempts) return { result: { refuse: 'spent' } }
    const leaseUntil = now() + leaseSeconds
    return {
      write: { phase: 'redeeming', transaction, attempts, lease, leaseUntil },
      until: Math.max(transaction.expiresAt, leaseUntil) + tombstoneSeconds,
      result: { redeem: transaction, attempts },
    }
  }
  return records.change(key, claim, own)
}

async function attempt<Grant>(
  context: Context,
  key: string,
  { id: lease, own }: Lease,
  { redeem: transaction, attempts }: { readonly redeem: Transaction; readonly attempts: number },
  { spend, keep }: RedemptionSteps<Grant>,
): Promise<ConnectionRecord> {
  const { challenge } = transaction
  const conclude = (write: TransactionRecord): Promise<void> =>
    context.records.change<TransactionRecord, undefined>(
      key,
      (current) =>
        current?.phase === 'redeeming' && current.lease === lease
          ? {
              write,
              until: Math.max(transaction.expiresAt, context.now()) + tombstoneSeconds,
              result: undefined,
            }
          : { result: undefined },
      own,
    )
  let grant: Grant
  try {
    grant = await spend(transaction)
  } catch (error) {
    await conclude(afterFailure(transaction, attempts, error))
    throw error
  }
  try {
    const connection = await keep(transaction, grant)
    await insist(() => conclude({ phase: 'done', challenge, connection: connection.id }))
    return connection
  } catch (error) {
    // The code is spent, whatever came of it.
    await conclude({ phase: 'failed', challenge, error: errorOf(error) })
    throw error
  }
}

const errorOf = (error: unknown): ContractError =>
  error instanceof Refusal ? error.error : 'backend_unavailable'

/** What a code that was not redeemed leaves of the transaction. */
function afterFailure(transaction: Transaction, attempts: number, error: unknown): TransactionRecord {
  const reason = errorOf(error)
  // Refused before anything was sent, another server's response for instance: that must not use up the right one.
  if (reason === 'transaction_invalid' || reason === 'invalid_request' || reason === 'rate_limited')
    return { phase: 'begun', transaction, attempts: attempts - 1 }
  // Without an answer of the provider, the same request may be sent once more.
  if (reason === 'provider_unavailable' && attempts < maximumAttempts)
    return { phase: 'begun', transaction, attempts }
  return { phase: 'failed', challenge: transaction.challenge, error: reason }
}
