import { contractHeader } from '../../protocol/contract.js'
import {
  BackendError,
  ValidationError,
  type CountersignError,
  type ErrorCode,
  type Recovery,
} from '../../protocol/errors.js'
import { retryAfterOf } from '../../protocol/retry-after.js'
import { refreshFailed } from './refresh-failed.js'
import { hasOwn } from '../../protocol/has-own.js'

type Meaning = readonly [message: string, recovery?: Recovery, code?: ErrorCode]

/**
 * Meaning of a contract error for the page: `authorize` is the way out and its name the code, unless something else is said. The
 * sentences are ours: a backend may write anything.
 */
const refusals: Readonly<Record<string, Meaning>> = {
  unauthenticated: [
    "The app's user is no longer signed in: sign in, then try again.",
    'sign_in',
    'sign_in_required',
  ],
  subject_mismatch: [
    "The backend's session belongs to a different user than this page expects. Find out who is signed in and call setSubject(). Where nobody has changed, give createClient the same id that `session` gives at the backend.",
    'sign_in',
    'sign_in_required',
  ],
  forbidden_origin: [
    "The backend does not accept requests from this page's origin: add it to `origins` of the backend, exactly as the browser sends it.",
    'configure',
  ],
  unknown_provider: [
    "The backend has no provider with this name: use the same names in the page's `providers` and in the backend's.",
    'configure',
  ],
  rate_limited: ['The backend is limiting requests: try again after retryAfterSeconds.', 'resume'],
  reauthorization_required: ['The provider no longer accepts this connection: renew it with authorize().'],
  unknown_connection: ['The backend no longer knows this connection: connect again with authorize().'],
  invalid_grant: [
    'The provider did not accept the authorization code. Start again with authorize().',
    'authorize',
    'provider_error',
  ],
  transaction_invalid: [
    'The backend does not know this transaction, or it has ended. Start again with authorize().',
  ],
  other_person: [
    'The person who signed in at the provider is not the one this connection belongs to. The connection is unchanged: start again with authorize() and sign in as the same person, or connect again without `connection`.',
  ],
  too_many_connections: [
    'There are as many connections as the backend keeps for one user: disconnect one, then connect again with authorize().',
  ],
  person_unknown: [
    'The provider does not say who has signed in, so the connection is unchanged. Connect again with authorize(), without `connection`.',
  ],
  provider_error: [
    "The provider refused the request, or its answer cannot be used: see the backend's log. Start again with authorize().",
  ],
  provider_unavailable: ['The provider does not answer. Try again later.', 'resume'],
  backend_unavailable: ['The backend is temporarily unavailable. Try again later.', 'resume'],
  other: [
    'The backend refused the request as malformed or unsupported: see `error`. Compare the redirect URI, scope, acrValues and maxAgeSeconds, path, mode and version of page and backend.',
    'configure',
    'backend_refused',
  ],
}

/**
 * The error of an answer. What stands before the backend (a gateway, the app's own sign-in) may have answered in its
 * place and knows nothing of the contract: then the status decides.
 *
 * @param path The path of the contract's base, for the sentence that nothing is there.
 */
export function toError(
  { status, headers }: Response,
  path: string,
  { error, connection }: Record<string, unknown> = {},
): CountersignError {
  const word = typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : undefined
  const known = word !== undefined && word !== 'other' && hasOwn(refusals, word) ? word : undefined
  const name = known ?? byStatus(status) ?? (headers.has(contractHeader) ? 'other' : undefined)
  if (name === undefined) return notFound(path, status)
  if (known === 'provider_unavailable' && typeof connection === 'string') return refreshFailed()
  const [message, recovery = 'authorize', code = name as ErrorCode] = refusals[name] as Meaning
  const details = { recovery, retryAfterSeconds: retryAfterOf(headers) }
  return new BackendError(code, message, { error: word, status }, details)
}

/** The meaning of a status alone; `undefined` where it says nothing. */
const byStatus = (status: number): string | undefined =>
  status === 401
    ? 'unauthenticated'
    : status === 429
      ? 'rate_limited'
      : status >= 500
        ? 'backend_unavailable'
        : undefined

/** The error of an answer that is not the contract's: an SPA's fallback, another server, a sign-in page. */
export const notFound = (path: string, status: number): BackendError =>
  new BackendError(
    'backend_not_found',
    `There is no countersign backend at ${path}: its answers are JSON and carry the header Countersign. Check the \`backend\` option and the proxy in front of it.`,
    { status },
    { recovery: 'configure' },
  )

/** The error of an answer that says yes and is not what the contract promises. */
export const invalid = (part: string): ValidationError =>
  new ValidationError(
    'backend_response_invalid',
    part,
    `The backend's answer has no usable ${part}. See the backend contract.`,
    { recovery: 'configure' },
  )
