import type { Approval } from '../approval.js'
import {
  PageError,
  ResponseError,
  scopeValues,
  type AuthorizationRequest,
  type Ending,
  type ResponseParameters,
} from './authorization-request.js'
import type { Dialect } from './dialect.js'
import type { Grant, Grants } from './grants.js'
import type { Randomness } from '../random.js'
import type { Registration } from './registration.js'

/**
 * Reads who asks and where the answer goes.
 *
 * @throws {PageError} for a client or a redirect URI that is not registered.
 */
export function readAuthorizationRequest(
  parameters: URLSearchParams,
  registrations: readonly Registration[],
): AuthorizationRequest {
  const redirectUri = parameters.get('redirect_uri') ?? ''
  const clientId = parameters.get('client_id')
  const known = registrations.filter((one) => one.clientId === clientId)
  if (known.length === 0) throw new PageError('the client_id is unknown')
  const registration = known.find((one) => one.redirectUri === redirectUri)
  if (!registration) throw new PageError('the redirect_uri is not the one that is registered')
  return {
    registration,
    parameters,
    redirectUri,
    state: parameters.get('state') ?? '',
    scope: scopeValues(parameters.get('scope')),
  }
}

/** Checks what every server checks. @throws {ResponseError} */
export async function checkAuthorizationRequest(
  request: AuthorizationRequest,
  { codeChallengeMethod, check }: Dialect,
): Promise<void> {
  const { parameters, state, scope } = request
  const refuse = (description: string): never => {
    throw new ResponseError('invalid_request', description)
  }
  const repeated = [...new Set(parameters.keys())].find((name) => parameters.getAll(name).length > 1)
  if (repeated !== undefined) refuse(`${repeated} is there twice`)
  if (parameters.get('response_type') !== 'code')
    throw new ResponseError('unsupported_response_type', 'the response_type is not code')
  if (!/^[\w-]{43}$/.test(parameters.get('code_challenge') ?? '')) refuse('there is no code_challenge')
  if (!codeChallengeMethod && parameters.get('code_challenge_method') !== 'S256')
    refuse('the code_challenge_method is not S256')
  if (state === '') refuse('there is no state')
  if (scope.length === 0) refuse('there is no scope')
  await check?.(request)
}

/** The server of a visit. */
export interface VisitedServer {
  readonly dialect: Dialect
  readonly grants: Grants
  /** Epoch seconds. */
  readonly now: number
  readonly random: Randomness
}

/** Ends a visit: the parameters that the person comes back with. */
export function endVisit(
  request: AuthorizationRequest,
  ending: Ending,
  server: VisitedServer,
): ResponseParameters {
  const { dialect, grants } = server
  const { state } = request
  const grant = ending.kind === 'approve' ? toGrant(request, ending.approval, server) : undefined
  if (grant) dialect.connect?.(grant, request)
  const parameters: ResponseParameters = {
    ...(grant
      ? {
          code: grants.issueCode({
            grant,
            challenge: request.parameters.get('code_challenge') ?? '',
            jkt: request.parameters.get('dpop_jkt') ?? undefined,
          }),
        }
      : ending.kind === 'error'
        ? { error: ending.error, error_description: ending.description }
        : { error: 'access_denied', error_description: `The person chose ${ending.kind}.` }),
    state,
    ...(dialect.metadata && { iss: dialect.issuer }),
  }
  return dialect.toResponse?.(parameters, ending.kind, grant) ?? parameters
}

const usualPerson = 'ada'

function toGrant(
  request: AuthorizationRequest,
  approval: Approval,
  { dialect: { subOf }, now, random }: VisitedServer,
): Grant {
  const { registration, parameters, redirectUri, state, scope } = request
  const chosen = approval.scope === undefined ? scope : scopeValues(approval.scope)
  const sub = approval.sub ?? usualPerson
  return {
    id: random.text(16),
    registration,
    redirectUri,
    // Nobody grants more than was asked for.
    scope: scope.filter((value) => value === 'openid' || chosen.includes(value)),
    sub: subOf?.(request, sub) ?? sub,
    nonce: parameters.get('nonce') ?? undefined,
    state,
    authTime: Math.floor(now),
    approval,
    notes: {},
  }
}

/** The URL of an authorization response. */
export function toResponseUrl(redirectUri: string, parameters: ResponseParameters): string {
  const url = new URL(redirectUri)
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined) url.searchParams.append(name, value)
  return url.href
}
