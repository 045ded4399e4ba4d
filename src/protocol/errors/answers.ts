import { CountersignError, type ErrorCode, type ErrorDetails } from './base.js'

/**
 * The authorization server answered with an error instead of a code. Its texts come from the other side: show
 * them as plain text only.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1
 */
export class AuthorizationResponseError extends CountersignError {
  override readonly name = 'AuthorizationResponseError'
  /** The `error` parameter, such as `access_denied`, in the characters RFC 6749 allows. */
  readonly error: string
  /** The `error_description` parameter, at most 1024 characters without control characters. */
  declare readonly errorDescription?: string
  /** The `error_uri` parameter when it is an `https:` URL. */
  declare readonly errorUri?: string

  constructor(
    code: 'access_denied' | 'authorization_error' | 'temporarily_unavailable',
    message: string,
    response: { error: string; errorDescription?: string | undefined; errorUri?: string | undefined },
  ) {
    super(code, message)
    this.error = response.error
    if (response.errorDescription !== undefined) this.errorDescription = response.errorDescription
    if (response.errorUri !== undefined) this.errorUri = response.errorUri
  }
}

/**
 * The token endpoint, or another endpoint of the authorization server, answered with an error.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2
 */
export class TokenEndpointError extends CountersignError {
  override readonly name = 'TokenEndpointError'
  /** The `error` member, such as `invalid_grant`; `undefined` when the answer was no OAuth error. */
  readonly error: string | undefined
  /** The HTTP status. */
  readonly status: number

  constructor(
    message: string,
    response: { error?: string | undefined; status: number },
    details?: ErrorDetails,
  ) {
    super('token_error', message, details)
    this.error = response.error
    this.status = response.status
  }
}

/** The transaction that the authorization response belongs to is missing, expired or not usable here. */
export class TransactionError extends CountersignError {
  override readonly name = 'TransactionError'
}

/** An answer or response is not the one that was asked for, or breaks a specification. */
export class ValidationError extends CountersignError {
  override readonly name = 'ValidationError'
  /** The parameter, member or claim at fault, such as `iss` or `nonce`. */
  readonly parameter: string

  constructor(code: ErrorCode, parameter: string, message: string, details?: ErrorDetails) {
    super(code, message, details)
    this.parameter = parameter
  }
}

/** The app's backend refused or failed; `error` is from the contract's table. */
export class BackendError extends CountersignError {
  override readonly name = 'BackendError'
  /** The `error` member of the contract's answer. */
  readonly error: string | undefined
  /** The HTTP status. */
  readonly status: number

  constructor(
    code: ErrorCode,
    message: string,
    answer: { error?: string | undefined; status: number },
    details?: ErrorDetails,
  ) {
    super(code, message, details)
    this.error = answer.error
    this.status = answer.status
  }
}
