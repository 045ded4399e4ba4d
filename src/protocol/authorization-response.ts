import { cleanDescription } from './error-description.js'
import { AuthorizationResponseError, TransactionError, ValidationError, type Recovery } from './errors.js'
import { parseUrl } from './parse-url.js'

/** A well-formed authorization response, not yet matched to a transaction. */
export interface AuthorizationResponse {
  readonly state: string
  /** The issuer that claims to answer (RFC 9207). */
  readonly iss?: string
  /** The authorization code; absent in an error response and in a bare one. */
  readonly code?: string
  /** Its `scope`, where it has one: no standard says that a response of the code flow does. */
  readonly grantedScope?: string
  /** The error; absent in a success and in a bare response. */
  readonly error?: AuthorizationResponseError
}

/** Parameters of which RFC 6749 §3.1 allows one each. */
const single =
  'code state iss error error_description error_uri response id_token access_token token_type session_state scope'.split(
    ' ',
  )

/** Parameters that no response of the code flow delivers through the browser. */
const forbidden = ['access_token', 'id_token', 'token', 'response']

const malformed = (parameter: string, why: string): ValidationError =>
  new ValidationError(
    'response_malformed',
    parameter,
    `The authorization response ${why}. It was not used; start again with authorize().`,
  )

/**
 * Parses an authorization response strictly: unknown parameters are ignored, everything that only a forged or broken
 * response would hold is refused.
 *
 * @throws {TransactionError} `state_missing` when it cannot belong to any transaction.
 * @throws {ValidationError} `response_malformed` for a repeated parameter, a token in the URL, both a code and an
 * error, or an empty code, error or `iss`.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2
 */
export function parseAuthorizationResponse(parameters: URLSearchParams): AuthorizationResponse {
  for (const name of single) {
    if (parameters.getAll(name).length > 1) throw malformed(name, `holds "${name}" twice`)
  }
  for (const name of forbidden) {
    if (parameters.has(name)) throw malformed(name, 'holds a token, which only the implicit flow would')
  }
  const state = parameters.get('state')
  if (!state || state.length > 512) {
    throw new TransactionError(
      'state_missing',
      'The authorization response has no usable state, so it belongs to no connection that began here. Start again with authorize().',
    )
  }
  const code = parameters.get('code')
  const error = parameters.get('error')
  const iss = parameters.get('iss')
  const scope = parameters.get('scope')
  if (code !== null && error !== null) throw malformed('error', 'holds both a code and an error')
  for (const name of ['code', 'error', 'iss']) {
    if (parameters.get(name) === '') throw malformed(name, `holds an empty "${name}"`)
  }
  return {
    state,
    ...(iss !== null && { iss }),
    ...(code !== null && { code }),
    ...(scope && { grantedScope: scope }),
    ...(error !== null && { error: toError(error, parameters) }),
  }
}

/**
 * The error of a response without a `state`: anybody may have made it, so it says which error, and nothing else of theirs.
 *
 * @returns `undefined` for a response that is no error.
 */
export function parseUntrustedError(parameters: URLSearchParams): AuthorizationResponseError | undefined {
  const error = parameters.get('error')
  if (!error || parameters.has('state')) return undefined
  return new AuthorizationResponseError(
    'authorization_error',
    'An error came back without a state, so anybody may have sent it. It ended nothing: the connection that began here can still come back. If the provider also showed an error, start again with authorize().',
    { error: toError(error, new URLSearchParams()).error },
  )
}

/** Makes the error of an error response; its texts are cut to what the RFC allows. */
function toError(error: string, parameters: URLSearchParams): AuthorizationResponseError {
  const known = /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(error) ? error : 'unknown'
  const errorDescription = cleanDescription(parameters.get('error_description'), [])
  const uri = parameters.get('error_uri') ?? ''
  const [code, message, recovery] = meaningOf(known, errorDescription)
  return new AuthorizationResponseError(
    code,
    message,
    {
      error: known,
      errorDescription,
      errorUri: /^https:/i.test(uri) && uri.length <= 2048 && parseUrl(uri) ? uri : undefined,
    },
    { recovery },
  )
}

type Meaning = readonly [
  'access_denied' | 'authorization_error' | 'temporarily_unavailable',
  message: string,
  recovery: Recovery,
]

function meaningOf(error: string, description = ''): Meaning {
  switch (error) {
    case 'access_denied':
      return [
        'access_denied',
        'Access was denied at the provider. Nothing was connected; start again with authorize().',
        'authorize',
      ]
    case 'temporarily_unavailable':
    case 'server_error':
      return [
        'temporarily_unavailable',
        'The provider cannot serve the request now. Start again in a while with authorize().',
        'authorize',
      ]
    case 'invalid_scope':
      return [
        'authorization_error',
        'The provider does not accept the scope. Compare `scope` with what is registered at the provider.',
        'configure',
      ]
    case 'invalid_client':
    case 'unauthorized_client':
    case 'unsupported_response_type':
      return [
        'authorization_error',
        'The provider does not let this client use the authorization code flow. Compare the client id with what is registered at the provider.',
        'configure',
      ]
    default:
      // RFC 9126 §5 has no error of its own for this; servers say it in words.
      return /pushed authorization request|\bPAR\b/i.test(description)
        ? [
            'authorization_error',
            'The provider accepts pushed authorization requests only. Set `par: true`.',
            'configure',
          ]
        : [
            'authorization_error',
            'The provider refused the authorization request. See error and errorDescription, then start again with authorize().',
            'authorize',
          ]
  }
}

/** The error without any value of the request in its texts: a server may repeat what it does not like. */
export function withoutSentValues(
  { code, message, recovery, error, errorDescription, errorUri }: AuthorizationResponseError,
  sent: readonly (string | undefined)[],
): AuthorizationResponseError {
  const isClean = (text: string): boolean => cleanDescription(text, sent) === text
  return new AuthorizationResponseError(
    code as Meaning[0],
    message,
    {
      error,
      errorDescription: cleanDescription(errorDescription, sent),
      errorUri: errorUri !== undefined && isClean(errorUri) ? errorUri : undefined,
    },
    { recovery },
  )
}

/**
 * Checks the issuer of a response. Called before an error is believed, so that another server's forged error ends nothing.
 *
 * @param required `true` when the server's metadata promises `iss`.
 * @throws {ValidationError} `issuer_mismatch`.
 * @see https://www.rfc-editor.org/rfc/rfc9207.html#section-2.4
 */
export function checkResponseIssuer(
  iss: string | undefined,
  issuer: string | undefined,
  required: boolean,
): void {
  if (iss === undefined ? required : issuer !== undefined && iss !== issuer) {
    throw new ValidationError(
      'issuer_mismatch',
      'iss',
      'The authorization response does not come from the provider that was asked. It was not used; start again with authorize().',
    )
  }
}
