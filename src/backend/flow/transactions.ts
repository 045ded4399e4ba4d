import type { AskedChecks } from '../../protocol/asked-checks.js'
import type { ContractErrorCode, JsonObject } from '../../protocol/contract.js'
import { isOtherBinding } from '../connections/binding.js'
import type { Binding } from '../connections/record.js'
import type { Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { countPending, uncountPending } from './pending.js'
import { Refusal } from '../http/refusal.js'
import type { ReceivedAnswer } from '../provider.js'
import { isSameHash } from '../crypto/same-hash.js'

/** Owner of a transaction: it opens and is found for the same user, provider and state only. */
export interface TransactionOwner {
  readonly subject: string
  readonly provider: string
  readonly state: string
}

/** Data of an authorization request that its token request needs. */
export interface Transaction {
  readonly challenge: string
  readonly nonce?: string | undefined
  readonly redirectUri: string
  readonly scope: string
  /** The connection to renew. */
  readonly connection?: string | undefined
  /** SHA-256 of the page's choices, as JSON. */
  readonly inputHash?: string | undefined
  readonly data?: JsonObject | undefined
  /** What the ID Token must confirm of the person's authentication. Records of before have none. */
  readonly asked?: AskedChecks | undefined
  /** The server that the person was sent to: the code is for no other. */
  readonly binding?: Binding | undefined
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** What a code has given, and what could not be checked yet. Lies in the sealed record, or in this process's memory. */
export interface KeptAnswer extends ReceivedAnswer {
  /** Epoch seconds at which it is given up, and its tokens are revoked. */
  readonly until: number
}

/** A transaction in the store. With a sealed handle there is no record before its redemption. */
export type TransactionRecord =
  | {
      readonly phase: 'begun'
      readonly transaction: Transaction
      readonly attempts: number
      readonly answer?: KeptAnswer | undefined
    }
  | {
      readonly phase: 'redeeming'
      readonly transaction: Transaction
      readonly attempts: number
      readonly answer?: KeptAnswer | undefined
      readonly lease: string
      readonly leaseUntil: number
      /** As in `Lease`. Records of before have none, and count the attempt that is under way. */
      readonly sent?: boolean | undefined
    }
  | { readonly phase: 'done'; readonly challenge: string; readonly connection: string }
  | { readonly phase: 'failed'; readonly challenge: string; readonly error: ContractErrorCode }

/** The largest handle that a page is asked to keep: 2 kB. */
const maximumHandleLength = 2048

/** Refusal of a token request whose transaction is over or does not match the request. */
export const transactionInvalid = (reason: string): Refusal => new Refusal('transaction_invalid', { reason })

/** The key of a transaction's record in the store. */
export const recordKey = async ({ subject, provider, state }: TransactionOwner): Promise<string> =>
  `transaction:${await sha256(JSON.stringify([subject, provider, state]))}`

const sealContext = ({ subject, provider, state }: TransactionOwner): string =>
  `transaction ${JSON.stringify([subject, provider, state])}`

/**
 * Counts a transaction that the store will keep, before anything is signed or sent for it.
 *
 * @returns A function that takes the count back, for when there will be no transaction after all.
 * @throws {Refusal} `rate_limited` when the user has too many pending.
 */
export async function reserveTransaction(
  context: Context,
  owner: TransactionOwner,
  expiresAt: number,
): Promise<() => Promise<void>> {
  if (context.sealing) return () => Promise.resolve()
  const key = await recordKey(owner)
  await countPending(context, owner.subject, key, expiresAt)
  return () => uncountPending(context, owner.subject, key)
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
  if (handle !== undefined) await countPending(context, owner.subject, key, transaction.expiresAt)
  const created = await context.records.change<TransactionRecord, boolean>(key, (current) => {
    // The page may ask again for the same, because it did not see the answer; for anything else the state is taken.
    if (current && !(current.phase === 'begun' && isSameRequest(current.transaction, transaction)))
      return { result: false }
    // What was sent stays counted, and what was answered is not lost.
    const write = { phase: 'begun' as const, attempts: 0, ...current, transaction }
    return { write, until: transaction.expiresAt, result: true }
  })
  if (!created) throw transactionInvalid('state_reused')
  return undefined
}

/** Test for the same authorization request: all that the page has said, and not its state and challenge alone. */
const isSameRequest = (one: Transaction, other: Transaction): boolean =>
  isSameHash(one.challenge, other.challenge) &&
  one.nonce === other.nonce &&
  one.redirectUri === other.redirectUri &&
  one.scope === other.scope &&
  one.connection === other.connection &&
  JSON.stringify(one.asked) === JSON.stringify(other.asked) &&
  !isOtherBinding(one.binding, other.binding) &&
  one.inputHash === other.inputHash

/** The transaction in a token request's handle; `undefined` where none was sent or it does not open. */
export async function openHandle(
  { sealing, now }: Context,
  owner: TransactionOwner,
  handle: string | undefined,
): Promise<Transaction | undefined> {
  const opened = handle === undefined ? undefined : await sealing?.open(handle, sealContext(owner), now())
  return opened?.status === 'open' ? (opened.value as Transaction) : undefined
}
