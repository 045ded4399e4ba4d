import { AuthorizationResponseError, CountersignError, type ErrorCode } from '../protocol/errors.js'
import { safeReturnTo } from '../protocol/return-to.js'
import type { CallbackState } from './callback.js'
import type { Context } from './context.js'
import type { EndedTransaction, StoredError, Transaction } from './transaction.js'

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

/** The result as the application sees it: the same for whoever asks, in whichever tab, however often. */
export async function tell(context: Context, ended: EndedTransaction): Promise<CallbackState> {
  const { provider, subject, input, connectionId, outcome, error } = ended
  if (subject !== context.subject()) return { status: 'none' }
  const callbackPath = new URL(context.redirectUri(provider)).pathname
  // Checked when it was stored, and again: storage can be written by whatever else runs on this origin.
  const returnTo = safeReturnTo(ended.returnTo, context.platform.navigation.url().origin, [callbackPath])
  const common = { provider, returnTo, restart: () => context.restart(provider, input) }
  if (outcome === 'cancelled') return { status: 'cancelled', ...common }
  if (error) {
    const restored = fromStored(error)
    return restored instanceof AuthorizationResponseError && outcome === 'denied'
      ? { status: 'denied', error: restored, ...common }
      : { status: 'failed', error: restored, ...common }
  }
  await context.connections.load()
  const all = context.connections.get()
  const connection =
    all.status === 'ready' ? all.connections.find(({ id }) => id === connectionId) : undefined
  return connection ? { status: 'connected', provider, connection, returnTo } : { status: 'none' }
}

function toStored(error: CountersignError): StoredError {
  const { code, message } = error
  if (!(error instanceof AuthorizationResponseError)) return { code, message }
  const { errorDescription, errorUri } = error
  return {
    code,
    message,
    error: error.error,
    ...(errorDescription !== undefined && { errorDescription }),
    ...(errorUri !== undefined && { errorUri }),
  }
}

function fromStored({ code, message, error, ...texts }: StoredError): CountersignError {
  return error === undefined
    ? new CountersignError(code as ErrorCode, message)
    : new AuthorizationResponseError(code as 'authorization_error', message, { error, ...texts })
}
