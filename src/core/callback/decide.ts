import {
  checkResponseIssuer,
  withoutSentValues,
  type AuthorizationResponse,
} from '../../protocol/authorization-response.js'
import { parameterValues } from '../../protocol/error-description.js'
import {
  TransactionError,
  ValidationError,
  type AuthorizationResponseError,
  type CountersignError,
} from '../../protocol/errors.js'
import { withoutAppState } from '../app-state.js'
import { isAtRedirectUri } from '../../protocol/redirect-place.js'
import type { Context } from '../context.js'
import { isOfThisApp } from '../of-this-app.js'
import { cameTooLate, unknownFate } from '../records/end-reasons.js'
import { endWith, end } from '../records/ended-transaction.js'
import type { Provider } from '../provider.js'
import {
  hasEnded,
  isTransaction,
  longestSeconds,
  type EndedTransaction,
  type Transaction,
} from '../records/transaction.js'

/** A transaction whose code is here. */
export type TransactionWithCode = Transaction & { readonly code: string }

/** Next step for a transaction. */
export type Step =
  /** It has ended, now by this `error` or as it was `found`: show how. */
  | {
      readonly do: 'show'
      readonly ended: EndedTransaction
      readonly error?: AuthorizationResponseError
      readonly found?: true
      /** It ended in the popup, and the app does not know yet. */
      readonly reports?: true
    }
  /** Send the code to the token endpoint. */
  | { readonly do: 'send'; readonly transaction: TransactionWithCode }
  /** Check the answer that waits in the memory of a page. */
  | { readonly do: 'check'; readonly transaction: TransactionWithCode }
  /** Keep the code for the page that opened this popup. */
  | { readonly do: 'hand_over'; readonly transaction: TransactionWithCode }
  /** Keep the code until it is known who the app's user is. */
  | { readonly do: 'wait'; readonly transaction: TransactionWithCode }
  /** Keep the code until the app's user has signed in again. */
  | { readonly do: 'sign_in'; readonly transaction: TransactionWithCode }
  /** The response is not the one that was awaited: nothing changes, unless the transaction has `ended` by it. */
  | {
      readonly do: 'refuse'
      readonly error: CountersignError
      readonly ended?: EndedTransaction
      /** The user to whom alone it is told. */
      readonly subject?: string
    }
  | { readonly do: 'nothing' }

/** An authorization response and the address it came to. */
export interface ReceivedResponse extends AuthorizationResponse {
  readonly url: URL
}

/** Seconds for which a code is kept for another try. The backend answers a repeated request like the first one. */
const codeSeconds = { direct: 60, backend: 600 }

/** Tolerance for a clock that was set back while the person was at the provider: seconds. */
const clockToleranceSeconds = 600

/** Limit on sending the code without an answer: a server that got it may have spent it. */
const maximumSends = { direct: 2, backend: 20 }

/**
 * Decides, from the stored record and the response, what is to be done. It changes nothing and waits for nothing, so
 * that it can run inside one read-and-write of the record.
 *
 * @param state The key of the record.
 * @param opener Whether this is the page that waits for the popup, not the popup.
 */
export function decide(
  context: Context,
  state: string,
  record: unknown,
  response: ReceivedResponse | undefined,
  opener: boolean,
): Step {
  if (!isTransaction(record)) return notOurs(response)
  if (hasEnded(record)) {
    const { untold, ...ended } = record
    return opener && untold
      ? { do: 'show', ended, found: true, reports: true }
      : { do: 'show', ended: record, found: true }
  }
  // It may be another app's, which is still waiting for it.
  if (!isOfThisApp(context, record)) return { do: 'refuse', error: changed(), subject: record.subject }
  const provider = context.providers[record.provider]
  const fault = record.state === state ? checkRecord(context, record, provider) : changed()
  if (!provider || fault) return { do: 'show', ended: endWith(record, fault ?? changed()) }
  if (record.code === undefined) {
    const ending = endingOf(record, response, provider)
    if (ending) return ending
  }
  const now = context.platform.clock.now()
  const code = record.code ?? response?.code ?? ''
  const iss = record.code === undefined ? response?.iss : record.iss
  const returnedAt = record.returnedAt ?? now
  const returned: TransactionWithCode = {
    ...record,
    phase: record.phase === 'answered' ? 'answered' : 'returned',
    code,
    returnedAt,
    awaitsSignIn: false,
    ...(iss !== undefined && { iss }),
    ...(record.code === undefined &&
      provider.narrowsScope &&
      response?.grantedScope && { grantedScope: response.grantedScope }),
  }
  return next(context, returned, provider, {
    opener: opener && record.code !== undefined,
    arrives: response !== undefined,
  })
}

/** A response without a transaction proves nothing; a reload without one is an old page. */
function notOurs(response: ReceivedResponse | undefined): Step {
  if (!response) return { do: 'nothing' }
  const message =
    'No connection that began in this browser matches this response. It was not used; start again with authorize().'
  return { do: 'refuse', error: new TransactionError('state_unknown', message) }
}

const changed = (): CountersignError =>
  new TransactionError(
    'transaction_invalid',
    'The configuration changed while the person was at the provider. Start again with authorize().',
  )

/** Another page has what this one would need. */
export const busy = (): CountersignError =>
  new TransactionError(
    'transaction_in_use',
    'Another tab is still completing this connection. Wait for it, then call resume().',
    { recovery: 'resume' },
  )

/** Storage can be written by whatever else runs on this origin: the record must agree with the configuration. */
function checkRecord(
  context: Context,
  record: Transaction,
  provider: Provider | undefined,
): CountersignError | undefined {
  // An older version did not store whom it asked.
  if (record.issuer !== undefined && provider?.issuer !== record.issuer) return changed()
  const now = context.platform.clock.now()
  const { createdAt, expiresAt } = record
  const outOfTime =
    now > Math.min(expiresAt, createdAt + longestSeconds) || createdAt > now + clockToleranceSeconds
  return outOfTime && record.code === undefined ? cameTooLate() : undefined
}

/** The end of a transaction by a response without a code; `undefined` when there is a code. */
function endingOf(
  record: Transaction,
  response: ReceivedResponse | undefined,
  provider: Provider,
): Step | undefined {
  if (!response) {
    const lost = new TransactionError(
      'redemption_unknown',
      "The provider's answer got lost when this page was closed. Start again with authorize().",
    )
    // All there is to go by is a public id, which anybody can put into an address: it may be of a flow that is under way.
    return { do: 'refuse', error: lost, subject: record.subject }
  }
  try {
    checkSender(record, response, provider)
  } catch (error) {
    // Not the answer that is awaited, so the transaction stays for the one that is.
    return { do: 'refuse', error: error as CountersignError }
  }
  if (response.error) {
    const error = withoutSentValues(response.error, sentValues(record, provider))
    const outcome = isDenial(error, provider) ? 'denied' : 'failed'
    return { do: 'show', ended: endWith(record, error, outcome), error }
  }
  if (response.code !== undefined) return undefined
  if (provider.cancelsWithoutCode)
    return { do: 'show', ended: end(record, { phase: 'failed', outcome: 'cancelled' }) }
  const empty = new ValidationError(
    'response_malformed',
    'code',
    'The provider answered with neither a code nor an error. Start again with authorize().',
  )
  return { do: 'show', ended: endWith(record, empty) }
}

/** The values of the authorization request, as far as this page knows them. */
function sentValues(record: Transaction, provider: Provider): (string | undefined)[] {
  const { state, codeChallenge, codeVerifier, nonce, clientId, redirectUri, scope, handle, input } = record
  const parameters = { ...provider.channel.settings?.parameters, ...withoutAppState(input) }
  return [
    ...[state, codeChallenge, codeVerifier, nonce, clientId, redirectUri, scope, handle],
    ...parameterValues(Object.entries(parameters)),
  ]
}

/** Every provider has a redirect URI of its own, so that one that sends no `iss` cannot pass for another either. */
function checkSender(
  { redirectUri, promisesIss }: Transaction,
  { iss, url }: ReceivedResponse,
  provider: Provider,
): void {
  if (!isAtRedirectUri(redirectUri, url)) {
    throw new ValidationError(
      'issuer_mismatch',
      'redirect_uri',
      "The authorization response came to another provider's redirect URI. It was not used; start again with authorize().",
    )
  }
  checkResponseIssuer(iss, provider.issuer, provider.requireIss === true || promisesIss === true)
}

/** True when the person, or the provider for them, said no: an ordinary end, not a fault. */
const isDenial = ({ error }: AuthorizationResponseError, { deniedErrors = [] }: Provider): boolean =>
  ['access_denied', ...deniedErrors].includes(error)

/** Chooses who continues with a code that is here, if anybody may. */
function next(
  context: Context,
  transaction: TransactionWithCode,
  provider: Provider,
  { opener, arrives }: { readonly opener: boolean; readonly arrives: boolean },
): Step {
  const subject = context.subject()
  if (subject === undefined) return { do: 'wait', transaction }
  if (subject === null) return { do: 'sign_in', transaction: { ...transaction, awaitsSignIn: true } }
  if (subject !== transaction.subject) {
    const other = new TransactionError(
      'subject_mismatch',
      'Another user of this app began this connection. Nothing was connected; start again with authorize().',
    )
    // The present user learns nothing of what the other one began, and ends it only by bringing its response here: that may
    // be one that somebody planted.
    return { do: 'refuse', error: other, ...(arrives && { ended: endWith(transaction, other) }) }
  }
  if (transaction.phase === 'answered') return { do: 'check', transaction }
  const way = provider.channel.mode === 'browser' ? 'direct' : 'backend'
  const sends = transaction.sends ?? 0
  const age = context.platform.clock.now() - (transaction.returnedAt ?? 0)
  if (age > codeSeconds[way] || sends >= maximumSends[way])
    return { do: 'show', ended: endWith(transaction, sends > 0 ? unknownFate() : cameTooLate()) }
  if (transaction.input.display === 'popup' && !opener && sends === 0) return { do: 'hand_over', transaction }
  return { do: 'send', transaction: { ...transaction, phase: 'sent', sends: sends + 1 } }
}
