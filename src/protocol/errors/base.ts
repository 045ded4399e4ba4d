/**
 * The way out of an error for the application.
 *
 * - `resume`: take the same step again, nothing was lost: by `resume()` of the state that shows the error, or by the call
 *   that threw it.
 * - `authorize`: start again with `authorize()`.
 * - `sign_in`: the app's own user must sign in first, or the app must find out who that is (`subject_unknown`): everything
 *   goes on after `setSubject()`.
 * - `configure`: a developer must change the configuration.
 */
export type Recovery = 'resume' | 'authorize' | 'sign_in' | 'configure'

/** Every `code` an error of this library can have. */
export type ErrorCode =
  // the authorization response
  | 'access_denied'
  | 'authorization_error'
  | 'temporarily_unavailable'
  | 'response_malformed'
  | 'issuer_mismatch'
  // the transaction
  | 'state_missing'
  | 'state_unknown'
  | 'transaction_expired'
  | 'transaction_invalid'
  | 'transaction_in_use'
  | 'subject_mismatch'
  | 'redemption_unknown'
  // the authorization server
  | 'metadata_invalid'
  | 'token_error'
  | 'token_response_invalid'
  | 'id_token_invalid'
  // the connection
  | 'unknown_connection'
  | 'reauthorization_required'
  | 'too_many_connections'
  | 'refresh_failed'
  | 'resource_not_allowed'
  | 'step_up_required'
  // the app's user
  | 'subject_unknown'
  // the backend
  | 'sign_in_required'
  | 'backend_not_found'
  | 'backend_refused'
  | 'backend_response_invalid'
  | 'backend_unavailable'
  | 'forbidden_origin'
  | 'unknown_provider'
  | 'rate_limited'
  // the provider, by way of the backend
  | 'other_person'
  | 'person_unknown'
  | 'provider_error'
  | 'provider_unavailable'
  // what the app gave: the page's input, the session's claims (at the backend)
  | 'input_invalid'
  // the network and this browser
  | 'network_error'
  | 'storage_unavailable'
  | 'environment_unsupported'
  | 'popup_blocked'

/** Details that an error may carry beside its code and its sentence. */
export interface ErrorDetails {
  /** The way out for the application. @defaultValue `authorize` */
  readonly recovery?: Recovery
  /** Seconds to wait before the same request may be sent again. */
  readonly retryAfterSeconds?: number | undefined
}

/**
 * The base of every error that this library reports. Its message says what failed and what to do; neither
 * the message nor any property holds a token, an authorization code, a code verifier or a URL.
 */
export class CountersignError extends Error {
  override readonly name: string = 'CountersignError'
  /** The kind of the error, from a closed list. */
  readonly code: ErrorCode
  /** The way out for the application. */
  readonly recovery: Recovery
  /** Seconds to wait before trying again, where the other side said so. */
  declare readonly retryAfterSeconds?: number
  /**
   * The id of the request to the backend that ended so, a UUID. The backend's log has it as `correlation`, and the provider's as
   * `x-fapi-interaction-id`, so it is what a support desk asks for. Absent where no request to a backend was made.
   */
  declare readonly correlation?: string

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.code = code
    this.recovery = details.recovery ?? 'authorize'
    if (details.retryAfterSeconds !== undefined) this.retryAfterSeconds = details.retryAfterSeconds
  }
}

/** No HTTP answer came: offline, refused, blocked by CORS, or too slow. */
export class NetworkError extends CountersignError {
  override readonly name = 'NetworkError'

  constructor(message: string, details?: ErrorDetails) {
    super('network_error', message, { recovery: 'resume', ...details })
  }
}

/** IndexedDB cannot be used here: blocked, full or vanished. */
export class StorageError extends CountersignError {
  override readonly name = 'StorageError'

  constructor() {
    super(
      'storage_unavailable',
      'IndexedDB is not available: allow site data for this site, leave private browsing or free some space, then start again.',
    )
  }
}
