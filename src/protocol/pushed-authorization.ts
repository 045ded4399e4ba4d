import * as oauth from 'oauth4webapi'
import { errorDescriptionOf } from './error-description.js'
import { TokenEndpointError, ValidationError } from './errors.js'
import { readJsonObject, type Answer } from './http.js'
import { insecure } from './metadata.js'
import { oauthErrorOf, oauthRequest } from './oauth-request.js'
import { retryAfterOf } from './retry-after.js'
import { adviceFor, isTemporary } from './token-error.js'
import type { TokenEndpoint } from './token-endpoint.js'

/** A pushed authorization request, as the authorization server keeps it. */
export interface PushedRequest {
  /** Stands for the request at the authorization endpoint: once, and not for long. */
  readonly requestUri: string
  /** Seconds until it expires. */
  readonly expiresInSeconds: number
}

/**
 * Pushes an authorization request, as the authenticated client, so that its parameters do not travel through the browser.
 *
 * @param parameters Everything but `client_id`, which is added. Never a `request_uri`.
 * @throws {TokenEndpointError} for an error answer, such as `invalid_authorization_details`.
 * @throws {ValidationError} `metadata_invalid` where the server offers no endpoint for it, `response_malformed` for an
 * answer that is none.
 * @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc9126.html#section-2
 */
export async function pushAuthorizationRequest(
  endpoint: Pick<TokenEndpoint, 'server' | 'clientId' | 'authentication' | 'fetch' | 'mtls' | 'dpop'>,
  parameters: Readonly<Record<string, string>>,
): Promise<PushedRequest> {
  const { server, clientId, authentication, fetch, mtls = false, dpop } = endpoint
  const client: oauth.Client = { client_id: clientId, use_mtls_endpoint_aliases: mtls }
  const options: oauth.PushedAuthorizationRequestOptions = {
    ...insecure(addressOf(server, mtls)),
    ...(dpop && { DPoP: dpop }),
  }
  const push = (): Promise<Answer> =>
    oauthRequest(fetch, (through) =>
      oauth.pushedAuthorizationRequest(server, client, authentication, parameters, {
        ...options,
        ...through,
      }),
    )
  let answer = await push()
  // The server asks for its nonce in the proof, at most once: RFC 9449 §8.
  if (dpop && oauthErrorOf(answer) === 'use_dpop_nonce') answer = await push()
  if (answer.response.status !== 201) throw refusal(answer)
  const { request_uri: requestUri, expires_in: expiresIn } = readJsonObject(answer) ?? {}
  if (typeof requestUri !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(requestUri))
    throw malformed('request_uri')
  if (typeof expiresIn !== 'number' || !(expiresIn > 0)) throw malformed('expires_in')
  return { requestUri, expiresInSeconds: expiresIn }
}

function addressOf(server: oauth.AuthorizationServer, mtls: boolean): string {
  const name = 'pushed_authorization_request_endpoint'
  const address = (mtls ? server.mtls_endpoint_aliases?.[name] : undefined) ?? server[name]
  if (address === undefined) {
    throw new ValidationError(
      'metadata_invalid',
      name,
      "The authorization server's metadata offers no endpoint for pushed authorization requests. Check the provider's issuer.",
      { recovery: 'configure' },
    )
  }
  return address
}

function refusal(answer: Answer): TokenEndpointError {
  const { status, headers } = answer.response
  const error = oauthErrorOf(answer)
  const isNotNow = isTemporary({ error, status })
  const sentence = isNotNow
    ? 'cannot take the pushed authorization request now. Start again in a while with authorize()'
    : (adviceFor(error) ??
      'refused the pushed authorization request. Compare client, scope, redirect URI and authorization details with what is registered')
  return new TokenEndpointError(
    `The authorization server ${sentence}.`,
    { error, status, errorDescription: errorDescriptionOf(answer) },
    { recovery: isNotNow ? 'authorize' : 'configure', retryAfterSeconds: retryAfterOf(headers) },
  )
}

const malformed = (member: string): ValidationError =>
  new ValidationError(
    'response_malformed',
    member,
    `The answer to the pushed authorization request has no usable ${member}. Nobody was sent away; start again with authorize().`,
  )
