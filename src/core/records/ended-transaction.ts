import {
  AuthorizationResponseError,
  BackendError,
  CountersignError,
  TokenEndpointError,
  TransactionError,
  ValidationError,
  type ErrorCode,
} from '../../protocol/errors.js'
import type { Transaction, EndedTransaction, StoredError } from './transaction.js'
import { hasOwn } from '../../protocol/has-own.js'

/** The rest of a transaction that has ended: no verifier, no nonce, no code, no handle. */
export function end(
  { v, provider, clientId, redirectUri, subject, input, returnTo, createdAt, expiresAt }: Transaction,
  result: Pick<EndedTransaction, 'phase' | 'connectionId' | 'previous' | 'outcome' | 'error'>,
): EndedTransaction {
  return { v, provider, clientId, redirectUri, subject, input, returnTo, createdAt, expiresAt, ...result }
}

/** The rest of a transaction that an error ended. */
export function endWith(
  transaction: Transaction,
  error: CountersignError,
  outcome: NonNullable<EndedTransaction['outcome']> = 'failed',
): EndedTransaction {
  return end(transaction, { phase: 'failed', outcome, error: toStored(error) })
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
export function fromStored({ code, message, ...rest }: StoredError): CountersignError {
  const error = Object.assign(new CountersignError(code as ErrorCode, message), rest)
  const known = hasOwn(classes, rest.name) ? classes[rest.name] : undefined
  return Object.setPrototypeOf(error, (known ?? CountersignError).prototype) as CountersignError
}
