import type { AskedChecks } from '../../protocol/asked-checks.js'
import type { ContractErrorCode } from '../../protocol/contract.js'

/** Default sentences of the errors. */
const sentences: Readonly<Record<ContractErrorCode, string>> = {
  invalid_request: 'The request is not as the backend contract describes it.',
  invalid_grant: 'The provider no longer accepts the authorization code. Start again.',
  unauthenticated: 'Nobody is signed in to the app.',
  forbidden_origin: 'Requests from this origin are not accepted.',
  unknown_provider: 'This backend has no provider of that name.',
  unknown_connection: 'There is no such connection.',
  not_found: 'There is nothing here.',
  method_not_allowed: 'The method is not allowed here.',
  subject_mismatch: 'Another user is signed in to the app than this page asks for. Nothing was done.',
  transaction_invalid: 'The transaction is unknown, expired, used, or not of this user. Start again.',
  other_person:
    'The person who signed in at the provider is not the one this connection belongs to. The connection is unchanged.',
  person_unknown:
    'The provider does not say who has signed in, so the connection was not renewed and stays as it was. Connect anew without naming it.',
  too_many_connections: 'The user has as many connections as this backend keeps. Disconnect one first.',
  reauthorization_required: 'The provider no longer accepts this connection. Renew it.',
  step_up_required:
    'The API wants the person to sign in again, or by a stronger way. Renew the connection with that.',
  payload_too_large: 'The body is too large.',
  unsupported_media_type: 'The body must be application/json.',
  rate_limited: 'Too many requests. Wait before the next one.',
  provider_error: 'The provider refused the request or gave an answer that cannot be used.',
  backend_unavailable: 'The backend is temporarily unavailable. Try again later.',
  provider_unavailable: 'The provider does not answer. Try again later.',
}

/** Details that a refusal may carry beside its error. */
export interface RefusalDetails {
  /** For `step_up_required`: what the API wants of the next time the person signs in at the provider. */
  readonly asked?: AskedChecks | undefined
  /** Instead of the error's own sentence: fixed words too, never anything that was received. */
  readonly description?: string
  /** The connection it is about. */
  readonly connection?: string
  readonly retryAfterSeconds?: number | undefined
  /** For `method_not_allowed`. */
  readonly allow?: readonly string[]
  /** For the log alone: the check that refused, or the provider's error code. Fixed words or names, no values. */
  readonly reason?: string | undefined
}

/**
 * Thrown to answer with an error of the contract. Providers throw it for input that a page may not send.
 *
 * @example
 * ```ts
 * import { Refusal } from 'countersign/backend'
 *
 * throw new Refusal('invalid_request', { description: 'The platform_id is missing.', reason: 'platform_id' })
 * ```
 */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** The `error` of the answer. */
  readonly error: ContractErrorCode
  readonly details: RefusalDetails

  /** @throws {TypeError} for a code that the contract does not have, and for details that are no object. */
  constructor(error: ContractErrorCode, details: RefusalDetails = {}) {
    if (!Object.hasOwn(sentences, error))
      throw new TypeError('Refusal needs an error code of the contract, such as "invalid_request".')
    if (Object(details) !== details)
      throw new TypeError('The details of a Refusal are an object: give one, or leave them out.')
    super(details.description ?? sentences[error])
    this.error = error
    this.details = details
  }
}
