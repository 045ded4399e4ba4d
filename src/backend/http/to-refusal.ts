import {
  CountersignError,
  KeysUnavailableError,
  NetworkError,
  TokenEndpointError,
  ValidationError,
} from '../../protocol/errors.js'
import { Refusal } from './refusal.js'

/**
 * The error of the contract for a failure at the provider. Sentences and codes are this library's own; of the provider's
 * text, at most a registered error code goes to the log.
 */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof NetworkError) return new Refusal('provider_unavailable', { reason: 'no_answer' })
  if (error instanceof KeysUnavailableError) return new Refusal('provider_unavailable', { reason: 'no_keys' })
  if (error instanceof TokenEndpointError) return fromTokenEndpoint(error)
  if (error instanceof ValidationError) {
    // Our own sentence about what the app gave, not about the provider.
    if (error.code === 'input_invalid')
      return new Refusal('invalid_request', {
        description: error.message,
        reason: `input:${error.parameter}`,
      })
    // No metadata, no request: the provider is not reachable, and nothing has been used up.
    if (/^(?:metadata_invalid|provider_unavailable)$/.test(error.code) && error.parameter === 'document')
      return new Refusal('provider_unavailable', {
        reason: 'no_metadata',
        retryAfterSeconds: error.retryAfterSeconds,
      })
    return error.code === 'issuer_mismatch'
      ? new Refusal('transaction_invalid', { reason: error.code })
      : new Refusal('provider_error', { reason: `${error.code}:${error.parameter}` })
  }
  if (error instanceof CountersignError) return new Refusal('provider_error', { reason: error.code })
  return new Refusal('backend_unavailable', { reason: unexpected(error) })
}

function fromTokenEndpoint({ error, status, retryAfterSeconds }: TokenEndpointError): Refusal {
  const reason = error !== undefined && /^[a-z_]{1,40}$/.test(error) ? error : `status_${String(status)}`
  if (error === 'invalid_grant') return new Refusal('invalid_grant', { reason })
  if (status >= 500 || status === 429 || error === 'temporarily_unavailable' || error === 'server_error')
    return new Refusal('provider_unavailable', { reason, retryAfterSeconds })
  return new Refusal('provider_error', { reason })
}

/** The kind of an unforeseen failure, of a store mostly. Its message may hold anything, so only names and codes are logged. */
function unexpected(error: unknown): string {
  if (!(error instanceof Error)) return 'unexpected'
  // Most classes of drivers leave `name` as it is.
  const name = /^error$/i.test(error.name) ? error.constructor.name : error.name
  return /^[A-Za-z]{1,40}$/.test(name) ? [name, ...codesOf(error, name)].join(':') : 'unexpected'
}

/** Codes of Node and of SQLite, an SQLSTATE, or the word that Redis' own errors begin with, such as "OOM". */
function codesOf(error: Error, name: string): readonly string[] {
  const { code, errcode } = error as { readonly code?: unknown; readonly errcode?: unknown }
  const [word] = /^(?:SimpleError|ErrorReply)$/.test(name)
    ? (/^[A-Z]{2,20}(?= )/.exec(error.message) ?? [])
    : []
  return [
    ...(typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code) ? [code] : []),
    ...(Number.isInteger(errcode) ? [String(errcode)] : []),
    ...(word === undefined ? [] : [word]),
  ]
}
