import type { ContractErrorCode } from '../../protocol/contract.js'
import { hasOwn } from '../../protocol/has-own.js'
import type { InspectedError, Parameter } from '../log/event.js'

/** What a message may repeat, because the app's own code says it: everything else is named by its shape. */
export interface Known {
  readonly clientId?: string | undefined
  readonly redirectUri?: string | undefined
  readonly issuer?: string | undefined
  /** The scope values that the app asks for. */
  readonly scope: readonly string[]
}

/** Gives the text that may be shown; `undefined` for a value that is told by its shape only. */
type Rule = (value: unknown, known: Known) => string | undefined

const oneOf =
  (...values: readonly string[]): Rule =>
  (value) =>
    values.find((one) => one === value)

const same =
  (name: 'clientId' | 'redirectUri' | 'issuer'): Rule =>
  (value, known) =>
    known[name] !== undefined && value === known[name] ? known[name] : undefined

const number: Rule = (value) => (Number.isFinite(value) ? String(value) : undefined)
const boolean: Rule = (value) => (typeof value === 'boolean' ? String(value) : undefined)
const shape: Rule = () => undefined
const scope: Rule = (value, known) => {
  if (typeof value !== 'string') return undefined
  const words = value.split(' ').filter((word) => word !== '')
  const shown = words.filter((word) => known.scope.includes(word))
  const others = words.length - shown.length
  return [...shown, ...(others > 0 ? [`(and ${String(others)} that this app did not ask for)`] : [])].join(
    ' ',
  )
}

/** The errors of the backend contract, for each one: another code does not compile without. */
const contractErrors: Readonly<Record<ContractErrorCode, true>> = {
  invalid_request: true,
  invalid_grant: true,
  unauthenticated: true,
  forbidden_origin: true,
  unknown_provider: true,
  unknown_connection: true,
  not_found: true,
  method_not_allowed: true,
  subject_mismatch: true,
  transaction_invalid: true,
  other_person: true,
  person_unknown: true,
  too_many_connections: true,
  step_up_required: true,
  reauthorization_required: true,
  payload_too_large: true,
  unsupported_media_type: true,
  rate_limited: true,
  provider_error: true,
  provider_unavailable: true,
  backend_unavailable: true,
}

/** The errors of OAuth, OpenID Connect, and what they are extended by here, in the order of their documents. */
const standardErrors: readonly string[] = [
  // RFC 6749, RFC 6750
  ...['invalid_request', 'unauthorized_client', 'access_denied', 'unsupported_response_type'],
  ...['invalid_scope', 'server_error', 'temporarily_unavailable'],
  ...['invalid_client', 'invalid_grant', 'unsupported_grant_type', 'invalid_token', 'insufficient_scope'],
  // OpenID Connect Core and RFC 9101, 9396, 9449, 9470
  ...['interaction_required', 'login_required', 'account_selection_required', 'consent_required'],
  ...['invalid_request_uri', 'invalid_request_object', 'request_not_supported'],
  ...['request_uri_not_supported', 'registration_not_supported'],
  ...['invalid_authorization_details', 'invalid_dpop_proof', 'use_dpop_nonce'],
  'insufficient_user_authentication',
]

/** The error names that are known: another one may be anything. */
const errorName: Rule = oneOf(...standardErrors, ...Object.keys(contractErrors))

/** A word of this library's own, such as the `code` of an error. */
const ownWord: Rule = (value) =>
  typeof value === 'string' && value.length < 40 && /^[a-z]+(?:_[a-z]+){0,4}$/.test(value) ? value : undefined

/** The parameters and members that are named at all. */
const rules: Readonly<Record<string, Rule>> = {
  response_type: oneOf('code'),
  grant_type: oneOf('authorization_code', 'refresh_token'),
  code_challenge_method: oneOf('S256'),
  token_type: oneOf('Bearer', 'bearer', 'bearer:', 'DPoP', 'dpop'),
  token_type_hint: oneOf('access_token', 'refresh_token'),
  prompt: oneOf('consent', 'login', 'none', 'select_account'),
  status: oneOf('connected', 'reauthorization_required', 'failed'),
  reason: oneOf('no_endpoint', 'refused', 'unreachable'),
  client_id: same('clientId'),
  redirect_uri: same('redirectUri'),
  iss: same('issuer'),
  issuer: same('issuer'),
  scope,
  missing_scope: scope,
  error: errorName,
  expires_in: number,
  revoked: boolean,
  authorization_response_iss_parameter_supported: boolean,
  state: shape,
  nonce: shape,
  code: shape,
  code_verifier: shape,
  code_challenge: shape,
  dpop_jkt: shape,
  request: shape,
  request_uri: shape,
  transaction: shape,
  rejected: shape,
  token: shape,
  access_token: shape,
  refresh_token: shape,
  id_token: shape,
  authorization_url: shape,
  connection: shape,
  connections: shape,
  input: shape,
  jwks_uri: shape,
  token_endpoint: shape,
  pushed_authorization_request_endpoint: shape,
  error_description: shape,
}

/** The parameters of a message by the allow-list above. The others are counted. */
export function redact(message: object | undefined, known: Known): Parameter[] {
  const entries = Object.entries(message ?? {}).filter(([, value]) => value !== undefined)
  const named = entries.filter(([name]) => hasOwn(rules, name))
  const others = entries.length - named.length
  return [
    ...named.map(([name, value]): Parameter => {
      const text = rules[name]?.(value, known)
      return text === undefined ? { name, shape: shapeOf(value) } : { name, value: text }
    }),
    ...(others > 0 ? [{ name: others === 1 ? '1 more' : `${String(others)} more`, shape: 'not shown' }] : []),
  ]
}

/** What a value looks like, without the value. */
function shapeOf(value: unknown): string {
  if (typeof value === 'string')
    return value.length === 1 ? '1 character' : `${String(value.length)} characters`
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1' : `a list of ${String(value.length)}`
  return typeof value === 'object' && value !== null ? 'an object' : typeof value
}

/** What may be shown of an error of the library, live or stored. */
export function redactError(error: unknown): InspectedError {
  const { code, error: name, status, parameter, recovery } = Object(error) as Record<string, unknown>
  const nothing: Known = { scope: [] }
  const texts = {
    code: ownWord(code, nothing),
    error: errorName(name, nothing),
    parameter: ownWord(parameter, nothing),
    recovery: ownWord(recovery, nothing),
    status: typeof status === 'number' ? status : undefined,
  }
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined))
}
