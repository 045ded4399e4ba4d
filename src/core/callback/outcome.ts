import {
  AuthorizationResponseError,
  CountersignError,
  TokenEndpointError,
  TransactionError,
  ValidationError,
  BackendError,
  type ErrorCode,
} from '../../protocol/errors.js'
import { safeReturnTo } from '../../protocol/return-to.js'
import type { CallbackState } from './callback.js'
import { asHeld, connectionKey, isConnectionRecord, type ConnectionRecord } from '../records/connection.js'
import type { Context } from '../context.js'
import type { EndedTransaction, StoredError, Transaction } from '../records/transaction.js'

/**
 * Where the app may go on: a path of this app, and no callback. Checked when a transaction begins and again when it
 * ends: storage can be written by whatever else runs on this origin.
 */
export function checkReturnTo({ platform, providers, redirectUri }: Context, returnTo: unknown): string {
  const callbacks = Object.keys(providers).map((name) => new URL(redirectUri(name)).pathname)
  return safeReturnTo(returnTo, platform.navigation.url().origin, callbacks)
}

/** What is left of a transaction: no verifier, no nonce, no code, no handle. */
export function end(
  { v, provider, subject, input, returnTo, createdAt, expiresAt }: Transaction,
  result: Pick<EndedTransaction, 'phase' | 'connectionId' | 'outcome' | 'error'>,
): EndedTransaction {
  return { v, provider, subject, input, returnTo, createdAt, expiresAt, ...result }
}

/** What is left of a transaction that an error ended. */
export function endWith(
  transaction: Transaction,
  error: CountersignError,
  outcome: NonNullable<EndedTransaction['outcome']> = 'failed',
): EndedTransaction {
  return end(transaction, { phase: 'failed', outcome, error: toStored(error) })
}

/**
 * The result as the application sees it: the same for whoever asks, in whichever tab, however often. It is made from what
 * was stored, never from the list of connections, which is of whatever moment it was last read.
 *
 * @param stored The connection's record, by who has just stored it; everybody else reads it.
 * @throws {StorageError} when the record cannot be read.
 */
export async function toCallbackState(
  context: Context,
  ended: EndedTransaction,
  stored?: ConnectionRecord,
): Promise<CallbackState> {
  const { provider, subject, input, connectionId = '', outcome, error } = ended
  if (subject !== context.subject()) return { status: 'none' }
  const returnTo = checkReturnTo(context, ended.returnTo)
  const common = { provider, returnTo, restart: () => context.restart(provider, input) }
  if (outcome === 'cancelled') return { status: 'cancelled', ...common }
  if (error) {
    const restored = fromStored(error)
    return restored instanceof AuthorizationResponseError && outcome === 'denied'
      ? { status: 'denied', error: restored, ...common }
      : { status: 'failed', error: restored, ...common }
  }
  const key = connectionKey(connectionId)
  const entry: [string, unknown] = [key, stored ?? (await context.platform.database.get(key))]
  // By the time that it is told, the list shows it, too.
  await context.connections.load()
  // Otherwise it was ended since, or the app's user is another one now.
  return isConnectionRecord(entry) && entry[1].subject === context.subject()
    ? { status: 'connected', provider, connection: asHeld(context, entry[1]), returnTo }
    : { status: 'none' }
}

/** An error's own properties are its evidence, and plain data; `stack` and `message` are not enumerable. */
const toStored = (error: CountersignError): StoredError =>
  Object.assign({ name: '', code: '' }, error, { message: error.message })

/** The classes of errors that can end a transaction. By name, since minifiers rename classes but no members. */
const classes: Readonly<Record<string, { readonly prototype: CountersignError }>> = {
  AuthorizationResponseError,
  BackendError,
  TokenEndpointError,
  TransactionError,
  ValidationError,
}

/** The error again as it was, of its class. */
function fromStored({ code, message, ...rest }: StoredError): CountersignError {
  const error = Object.assign(new CountersignError(code as ErrorCode, message), rest)
  const known = Object.hasOwn(classes, rest.name) ? classes[rest.name] : undefined
  return Object.setPrototypeOf(error, (known ?? CountersignError).prototype) as CountersignError
}
