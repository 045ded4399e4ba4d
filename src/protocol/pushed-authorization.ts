import * as oauth from 'oauth4webapi'
import { CountersignError, TokenEndpointError, ValidationError } from './errors.js'
import { readJsonObject, request } from './http.js'
import { insecure } from './metadata.js'
import type { TokenEndpoint } from './token-endpoint.js'

/** What the server made of a pushed authorization request. */
export interface PushedAuthorization {
  /** An opaque reference: a query parameter and never a place to go. */
  readonly requestUri: string
  /** Seconds for which it may be used, once. */
  readonly expiresInSeconds: number
}

/**
 * Pushes an authorization request, with the client authentication of the token endpoint.
 *
 * @param parameters All parameters of the request. `request_uri` has no place among them.
 * @throws {TokenEndpointError} when the server refuses. @throws {ValidationError} when its answer is none.
 * @throws {NetworkError} when none came.
 * @see https://www.rfc-editor.org/rfc/rfc9126.html#section-2
 */
export async function pushAuthorizationRequest(
  endpoint: TokenEndpoint,
  parameters: Readonly<Record<string, string>>,
): Promise<PushedAuthorization> {
  const { server, clientId, authentication, dpop } = endpoint
  if ('request_uri' in parameters)
    throw new TypeError('A pushed authorization request cannot hold a request_uri.')
  const client = { client_id: clientId, ...(endpoint.mtls && { use_mtls_endpoint_aliases: true }) }
  const send = (): Promise<Response> =>
    oauth.pushedAuthorizationRequest(
      server,
      client,
      authentication,
      { ...parameters },
      {
        [oauth.customFetch]: (href: string, init) => request(endpoint.fetch, href, init),
        ...insecure(server.issuer),
        ...(dpop && { DPoP: dpop }),
      },
    )
  let response: Response
  try {
    response = await send()
    // The server asks for its nonce in the proof, at most once: RFC 9449 §8.
    if (dpop && (await errorOf(response.clone())) === 'use_dpop_nonce') response = await send()
  } catch (error) {
    if (error instanceof CountersignError) throw error
    throw new ValidationError(
      'metadata_invalid',
      'pushed_authorization_request_endpoint',
      'The authorization server has no endpoint for pushed requests. Check the configuration.',
      {
        recovery: 'configure',
      },
    )
  }
  if (response.status !== 200 && response.status !== 201) {
    throw new TokenEndpointError(
      'The authorization server refused the pushed request. Start again with authorize().',
      {
        error: await errorOf(response),
        status: response.status,
      },
    )
  }
  const { request_uri: requestUri, expires_in: expiresIn } = (await readJsonObject(response)) ?? {}
  if (typeof requestUri !== 'string' || !requestUri || typeof expiresIn !== 'number' || !(expiresIn > 0)) {
    throw new ValidationError(
      'response_malformed',
      'request_uri',
      'The answer to the pushed request has no usable request_uri. Start again with authorize().',
    )
  }
  return { requestUri, expiresInSeconds: expiresIn }
}

async function errorOf(response: Response): Promise<string | undefined> {
  const error = (await readJsonObject(response))?.['error']
  return typeof error === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(error) ? error : undefined
}
