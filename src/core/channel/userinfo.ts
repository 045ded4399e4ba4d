import { TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import { readBody, readJsonObject } from '../../protocol/http.js'
import { sendAuthorized, type SendWithToken } from './authorized-fetch.js'
import type { GetToken, Userinfo } from './channel.js'

/** The largest answer that is read, in bytes. */
const maximumBytes = 262_144

/** A userinfo request. */
export interface UserinfoRequest {
  /** The userinfo endpoint. */
  readonly endpoint: string
  /** The person whose claims they must be: the `sub` of the ID Token, where there is one. */
  readonly subject: string | undefined
  readonly getToken: GetToken
  readonly send: SendWithToken
}

/**
 * Asks the userinfo endpoint. Claims of anybody but the person of the ID Token are refused, as OpenID Connect demands.
 *
 * @throws {ValidationError} `response_malformed`. @throws {TokenEndpointError} when the endpoint refuses.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse
 */
export async function requestUserinfo(request: UserinfoRequest): Promise<Userinfo> {
  const { endpoint, subject, getToken, send } = request
  const init = { headers: { accept: 'application/json' }, cache: 'no-store' } as const
  const response = await sendAuthorized({}, endpoint, init, getToken, send)
  const { status } = response
  if (status !== 200)
    throw new TokenEndpointError(
      'The userinfo endpoint refused the request. Check that the scope has "openid", and what claims it stands for there.',
      { status },
      { recovery: status >= 500 ? 'resume' : 'configure' },
    )
  const text = await readBody(response.body, maximumBytes)
  const claims = text === undefined ? undefined : readJsonObject({ response, text })
  if (!claims)
    throw malformed(
      'body',
      'is not a JSON object. Register the client for unsigned userinfo (application/json).',
    )
  const { sub } = claims
  if (typeof sub !== 'string' || (subject !== undefined && sub !== subject))
    throw malformed(
      'sub',
      'names nobody, or someone other than the person of this connection. It was not used.',
    )
  return claims as Userinfo
}

const malformed = (part: string, why: string): ValidationError =>
  new ValidationError('response_malformed', part, `The answer of the userinfo endpoint ${why}`, {
    recovery: 'configure',
  })
