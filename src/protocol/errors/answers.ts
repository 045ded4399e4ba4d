import { CountersignError, NetworkError, type ErrorCode, type ErrorDetails } from './base.js'

/**
 * Adds a server's own words to an error. Not enumerable: what is stored, logged as JSON or sent on does not hold them.
 */
function describe(error: CountersignError, errorDescription: string | undefined): void {
  if (errorDescription !== undefined)
    Object.defineProperty(error, 'errorDescription', { value: errorDescription })
}

/** Members of a server's error. */
interface ServerError {
  readonly error: string
  readonly errorDescription?: string | undefined
  readonly errorUri?: string | undefined
}

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
  /**
   * The `error_description` parameter, at most 1024 characters without control characters, and without any value that was
   * sent. Not enumerable, and in the page that received the response only: it is never stored.
   */
  declare readonly errorDescription?: string
  /** The `error_uri` parameter when it is an `https:` URL. */
  declare readonly errorUri?: string

  constructor(
    code: 'access_denied' | 'authorization_error' | 'temporarily_unavailable',
    message: string,
    response: ServerError,
    details?: ErrorDetails,
  ) {
    super(code, message, details)
    this.error = response.error
    describe(this, response.errorDescription)
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
  /**
   * The `error_description` member, at most 1024 characters without control characters, and without any value that was sent.
   * Not enumerable: it is never stored, and never sent to a page.
   */
  declare readonly errorDescription?: string

  constructor(
    message: string,
    response: { error?: string | undefined; status: number; errorDescription?: string | undefined },
    details?: ErrorDetails,
  ) {
    super('token_error', message, details)
    this.error = response.error
    this.status = response.status
    describe(this, response.errorDescription)
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

/**
 * The API wants the person to sign in again, or by a stronger way, before it answers this request. The connection is good for
 * others. Renew it with what the API asks for, then send the request again.
 *
 * @example
 * ```ts
 * import { StepUpError, type Client } from 'countersign'
 *
 * declare const client: Client
 * declare const connectionId: string
 * declare const error: unknown
 *
 * if (error instanceof StepUpError) {
 *   const { acrValues, maxAgeSeconds } = error
 *   client.authorization('bank').authorize({ connection: connectionId, acrValues, maxAgeSeconds })
 * }
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc9470.html#section-3
 */
export class StepUpError extends CountersignError {
  override readonly name = 'StepUpError'
  /** The ways of signing in of which the API wants one, best first; `undefined` where it does not say. */
  readonly acrValues: readonly string[] | undefined
  /** Seconds since the person signed in, at most; `undefined` where the API does not say. */
  readonly maxAgeSeconds: number | undefined

  constructor(wanted: { acrValues?: readonly string[] | undefined; maxAgeSeconds?: number | undefined }) {
    super(
      'step_up_required',
      'The API wants the person to sign in again, or by a stronger way: renew the connection with authorize({ connection, acrValues, maxAgeSeconds }), then send the request again.',
    )
    this.acrValues = wanted.acrValues
    this.maxAgeSeconds = wanted.maxAgeSeconds
  }
}

/** The app's backend refused or failed, or what answered is no backend; `error` is from the contract's table. */
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

/**
 * The keys that an ID Token was signed with cannot be had now, so nothing can be told of its signature. The same answer can
 * be checked again later.
 */
export class KeysUnavailableError extends CountersignError {
  override readonly name = 'KeysUnavailableError'

  /** @param reason What a fetch of the keys threw. What a developer must change is told, the rest is not. */
  constructor(reason?: unknown) {
    const known = reason instanceof NetworkError && reason.recovery === 'configure' ? reason : undefined
    super(
      'provider_unavailable',
      known?.message ??
        'The keys that signed the ID Token could not be fetched. The authorization code has been used, and the answer is waiting in this page: call resume().',
      { recovery: known?.recovery ?? 'resume' },
    )
  }
}
