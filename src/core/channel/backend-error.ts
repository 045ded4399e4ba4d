import { BackendError, ValidationError, type ErrorCode, type Recovery } from '../../protocol/errors.js'
import { retryAfterOf } from '../../protocol/retry-after.js'

/** Meaning of a contract error for the page. The sentences are ours: a backend may write anything. */
const refusals: Readonly<Record<string, readonly [ErrorCode, message: string, Recovery]>> = {
  unauthenticated: [
    'sign_in_required',
    "The app's user is not signed in any more: sign in, then call resume().",
    'sign_in',
  ],
  rate_limited: ['rate_limited', 'The backend asks to wait: try again after retryAfterSeconds.', 'resume'],
  reauthorization_required: [
    'reauthorization_required',
    'The provider no longer accepts this connection: renew it with authorize().',
    'authorize',
  ],
  unknown_connection: [
    'unknown_connection',
    'The backend does not know this connection any more: connect again with authorize().',
    'authorize',
  ],
  invalid_grant: [
    'backend_error',
    'The authorization code is no longer good. Start again with authorize().',
    'authorize',
  ],
  transaction_invalid: [
    'backend_error',
    'The transaction is over, or it is not known that the person whose connection was to be renewed has signed in at the provider. Start again with authorize().',
    'authorize',
  ],
  provider_error: [
    'backend_error',
    'The provider refused the request. Start again with authorize().',
    'authorize',
  ],
  provider_unavailable: ['backend_error', 'The provider does not answer. Try again in a while.', 'resume'],
  backend_unavailable: ['backend_error', 'The backend failed. Try again in a while.', 'resume'],
  other: [
    'backend_error',
    'The backend refused the request. Compare its configuration with this page (origin, redirect URI, provider).',
    'configure',
  ],
}

/**
 * The error of an answer. What stands before the backend (a gateway, the app's own sign-in) may have answered in its
 * place and knows nothing of the contract: then the status decides.
 */
export function toError(
  { status, headers }: Response,
  { error }: Record<string, unknown> = {},
): BackendError {
  const word = typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined
  const known = word !== undefined && Object.hasOwn(refusals, word) ? word : byStatus(status)
  const [code, message, recovery] = refusals[known] as (typeof refusals)['other']
  return new BackendError(
    code,
    message,
    { error: word, status },
    { recovery, retryAfterSeconds: retryAfterOf(headers) },
  )
}

const byStatus = (status: number): string =>
  status === 401
    ? 'unauthenticated'
    : status === 429
      ? 'rate_limited'
      : status >= 500
        ? 'backend_unavailable'
        : 'other'

/** The error of an answer that says yes and is not what the contract promises. */
export const invalid = (part: string): ValidationError =>
  new ValidationError(
    'backend_response_invalid',
    part,
    `The backend's answer has no usable ${part}. See the backend contract.`,
    { recovery: 'configure' },
  )
