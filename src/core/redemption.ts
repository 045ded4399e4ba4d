import {
  checkResponseIssuer,
  parseAuthorizationResponse,
  type AuthorizationResponse,
} from '../protocol/authorization-response.js'
import {
  AuthorizationResponseError,
  CountersignError,
  TransactionError,
  ValidationError,
  type ErrorCode,
} from '../protocol/errors.js'
import { sha256 } from '../protocol/pkce.js'
import { safeReturnTo } from '../protocol/return-to.js'
import type { CallbackState } from './callback.js'
import type { Capture } from './capture.js'
import type { Redeemed } from './channel/channel.js'
import { connectionKey, type ConnectionRecord } from './connection.js'
import type { Context } from './context.js'
import type { Provider } from './provider.js'
import {
  hasEnded,
  isTransaction,
  transactionId,
  type EndedTransaction,
  type StoredError,
  type Transaction,
} from './transaction.js'

/** Begins a connection again, with the provider and the input of the one before. */
export type Restart = (provider: string, input: Transaction['input']) => Promise<unknown>

/** Seconds for which a code is kept for another try. The backend answers a repeated request like the first one. */
const codeSeconds = { direct: 60, backend: 600 }

/** How often the code is sent without an answer: a server that got it may have spent it. */
const maximumSends = { direct: 2, backend: 20 }

/**
 * Completes what the page was opened with.
 *
 * @throws {StorageError} when the transaction cannot be read or written: nothing is lost then.
 */
export async function complete(
  context: Context,
  { parameters, id }: Capture,
  restart: Restart,
): Promise<CallbackState> {
  if (!parameters) {
    const entries = await context.platform.database.entries()
    const state = entries.find(([key, value]) => isTransaction(value) && transactionId(key) === id)?.[0]
    return state === undefined ? { status: 'none' } : redeem(context, state, undefined, restart)
  }
  let response: AuthorizationResponse
  try {
    response = parseAuthorizationResponse(parameters)
  } catch (error) {
    return { status: 'failed', error: error as CountersignError, returnTo: '/' }
  }
  return redeem(context, response.state, response, restart)
}

/** What to do next about a transaction, decided in one read-and-write of its record. */
type Step =
  | { readonly do: 'tell'; readonly ended: EndedTransaction }
  | { readonly do: 'send'; readonly transaction: Transaction & { readonly code: string } }
  | { readonly do: 'sign_in'; readonly transaction: Transaction }
  | { readonly do: 'nothing' }
  | { readonly do: 'refuse'; readonly error: CountersignError }

/**
 * Redeems the code of a transaction exactly once, whoever asks: two tabs on the same URL, a reload, a second reader.
 *
 * One of them gets the lock and goes on; the others wait for it and then read what it left behind:
 *
 *     left ──response──▶ sent ──answer──▶ done | failed     (the tombstone that everybody else reads)
 *                          └──no answer──▶ sent              (a reload or resume() sends once more)
 */
async function redeem(
  context: Context,
  state: string,
  response: AuthorizationResponse | undefined,
  restart: Restart,
): Promise<CallbackState> {
  const { database, tabs } = context.platform
  const work = async (): Promise<CallbackState> => {
    const step = await database.change([state], ([record]): readonly [Record<string, unknown>, Step] => {
      const step = decide(context, record, response)
      switch (step.do) {
        case 'tell':
          return [{ [state]: step.ended }, step]
        case 'send':
        case 'sign_in':
          return [{ [state]: step.transaction }, step]
        default:
          return [{}, step]
      }
    })
    if (response)
      context.emit(
        'response_received',
        'transaction' in step ? step.transaction.provider : '',
        transactionId(state),
        step.do,
      )
    switch (step.do) {
      case 'nothing':
        return { status: 'none' }
      case 'refuse':
        return { status: 'failed', error: step.error, returnTo: '/' }
      case 'tell':
        return tell(context, step.ended, restart)
      case 'sign_in':
        context.connections.signInRequired()
        return {
          status: 'sign_in_required',
          provider: step.transaction.provider,
          returnTo: step.transaction.returnTo,
          resume,
        }
      case 'send':
        return send(context, step.transaction, restart, resume)
    }
  }
  const resume = (): Promise<CallbackState> => redeem(context, state, undefined, restart)
  try {
    return await tabs.lock(`tx:${await sha256(state)}`, 60, work)
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'TimeoutError')) throw error
    return {
      status: 'failed',
      returnTo: '/',
      error: new TransactionError(
        'transaction_in_use',
        'Another tab is still completing this connection. Wait for it, then call resume().',
        { recovery: 'resume' },
      ),
      resume,
    }
  }
}

/** Pure: the record and the response in, the step out. */
function decide(context: Context, record: unknown, response: AuthorizationResponse | undefined): Step {
  const unknown = (): Step =>
    response
      ? {
          do: 'refuse',
          error: new TransactionError(
            'state_unknown',
            'No connection that began in this browser matches this response. It was not used; start again with authorize().',
          ),
        }
      : { do: 'nothing' }
  if (!isTransaction(record)) return unknown()
  const provider = Object.hasOwn(context.providers, record.provider)
    ? context.providers[record.provider]
    : undefined
  if (hasEnded(record)) return { do: 'tell', ended: record }

  const fail = (error: CountersignError, outcome: 'denied' | 'failed' = 'failed'): Step => ({
    do: 'tell',
    ended: endedWith(record, error, outcome),
  })
  const now = context.platform.clock.now()
  // Storage can be written by whatever else runs on this origin: it must agree with the configuration.
  if (provider?.clientId !== record.clientId || record.redirectUri !== context.redirectUri(record.provider)) {
    return fail(
      new TransactionError(
        'transaction_invalid',
        'The configuration changed while the person was at the provider. Start again with authorize().',
      ),
    )
  }
  const returned = record.code !== undefined
  if (now > record.expiresAt && !returned) {
    return fail(
      new TransactionError(
        'transaction_expired',
        'Too much time passed at the provider. Start again with authorize().',
      ),
    )
  }
  const { code, iss } = returned ? record : { code: response?.code, iss: response?.iss }
  if (!returned) {
    if (!response)
      return fail(
        new TransactionError(
          'redemption_unknown',
          "The provider's answer got lost when this page was closed. Start again with authorize().",
        ),
      )
    try {
      checkResponseIssuer(iss, provider.issuer, provider.requireIss ?? false)
    } catch (error) {
      // Not the answer that is awaited, so the transaction stays for the one that is.
      return { do: 'refuse', error: error as CountersignError }
    }
    if (response.error) return fail(response.error, isDenial(response.error, provider) ? 'denied' : 'failed')
    if (code === undefined && provider.cancelsWithoutCode)
      return { do: 'tell', ended: end(record, { phase: 'failed', outcome: 'cancelled' }) }
  }
  if (code === undefined) {
    return fail(
      new ValidationError(
        'response_malformed',
        'code',
        'The provider answered with neither a code nor an error. Start again with authorize().',
      ),
    )
  }
  const back: Transaction & { readonly code: string } = {
    ...record,
    phase: 'returned',
    code,
    ...(iss !== undefined && { iss }),
    returnedAt: record.returnedAt ?? now,
  }
  const subject = context.subject()
  if (subject === null) return { do: 'sign_in', transaction: back }
  if (subject !== record.subject) {
    return fail(
      new TransactionError(
        'subject_mismatch',
        'Another user of this app began this connection. Nothing was connected; start again with authorize().',
      ),
    )
  }
  const way = provider.mode === 'browser' ? 'direct' : 'backend'
  const sends = record.sends ?? 0
  if (now - (back.returnedAt ?? now) > codeSeconds[way] || sends >= maximumSends[way]) {
    return fail(
      new TransactionError(
        'redemption_unknown',
        'It is not known whether the provider accepted the code. Start again with authorize().',
      ),
    )
  }
  return { do: 'send', transaction: { ...back, phase: 'sent', sends: sends + 1 } }
}

async function send(
  context: Context,
  transaction: Transaction & { readonly code: string },
  restart: Restart,
  resume: () => Promise<CallbackState>,
): Promise<CallbackState> {
  const { provider, state } = transaction
  const { database, tabs } = context.platform
  context.emit('redemption_sent', provider, transactionId(state))
  let redeemed: Redeemed
  try {
    redeemed = await (await context.channel(provider)).redeem(transaction, transaction)
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    if (error.code === 'sign_in_required') {
      context.connections.signInRequired()
      return { status: 'sign_in_required', provider, returnTo: transaction.returnTo, resume }
    }
    // Nothing was consumed, or nobody knows: the record stays, so that resume() or a reload can go on.
    if (error.recovery !== 'authorize')
      return { status: 'failed', error, provider, returnTo: transaction.returnTo, resume }
    const ended = endedWith(transaction, error, 'failed')
    await database.change([], () => [{ [state]: ended }, undefined])
    tabs.announce(transactionId(state))
    return tell(context, ended, restart)
  }

  const { connection, accessToken, refreshToken } = redeemed
  const ended = end(transaction, { phase: 'done', connectionId: connection.id })
  const record: ConnectionRecord = {
    v: 1,
    subject: transaction.subject,
    mode: context.providers[provider]?.mode ?? 'bff',
    connection,
  }
  // One transaction of the database: there is never a connection without its tombstone, nor the other way round.
  await database.change([], () => [{ [state]: ended, [connectionKey(connection.id)]: record }, undefined])
  if (accessToken) context.tokens.set(connection.id, { accessToken, refreshToken })
  tabs.announce(connection.id)
  tabs.announce(transactionId(state))
  context.emit('transaction_ended', provider, transactionId(state), 'connected')
  return tell(context, ended, restart)
}

/** The result as the application sees it, the same for whoever asks and however often. */
async function tell(context: Context, ended: EndedTransaction, restart: Restart): Promise<CallbackState> {
  const { provider, input, connectionId, outcome, error } = ended
  const { platform } = context
  const returnTo = safeReturnTo(ended.returnTo, platform.navigation.url().origin, [
    new URL(context.redirectUri(provider)).pathname,
  ])
  const common = { provider, returnTo, restart: () => restart(provider, input) }
  if (ended.subject !== context.subject()) return { status: 'none' }
  if (outcome === 'cancelled') return { status: 'cancelled', ...common }
  if (error) {
    const restored = restore(error)
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

/** Whether the person, or the provider for them, said no: an ordinary end, not a fault. */
const isDenial = ({ error }: AuthorizationResponseError, { deniedErrors = [] }: Provider): boolean =>
  ['access_denied', ...deniedErrors].includes(error)

/** What is left of a transaction: no verifier, no nonce, no code. */
function end(
  transaction: Transaction,
  result: Pick<EndedTransaction, 'phase' | 'connectionId' | 'outcome' | 'error'>,
): EndedTransaction {
  const { v, provider, subject, input, returnTo, expiresAt } = transaction
  return { v, provider, subject, input, returnTo, expiresAt, ...result }
}

function endedWith(
  transaction: Transaction,
  error: CountersignError,
  outcome: 'denied' | 'failed',
): EndedTransaction {
  const { code, message } = error
  const stored: StoredError =
    error instanceof AuthorizationResponseError
      ? {
          code,
          message,
          error: error.error,
          ...(error.errorDescription !== undefined && { errorDescription: error.errorDescription }),
          ...(error.errorUri !== undefined && { errorUri: error.errorUri }),
        }
      : { code, message }
  return end(transaction, { phase: 'failed', outcome, error: stored })
}

function restore({ code, message, error, ...texts }: StoredError): CountersignError {
  return error === undefined
    ? new CountersignError(code as ErrorCode, message)
    : new AuthorizationResponseError(code as 'authorization_error', message, { error, ...texts })
}
