import * as oauth from 'oauth4webapi'
import { buildAuthorizationUrl } from '../../protocol/authorization-request.js'
import { buildCodeRequest, type CodeRequest } from '../../protocol/code-request.js'
import type { JsonObject } from '../../protocol/contract.js'
import { TokenEndpointError, ValidationError } from '../../protocol/errors.js'
import { request } from '../../protocol/http.js'
import { pushAuthorizationRequest } from '../../protocol/pushed-authorization.js'
import { oauthErrorOf } from '../../protocol/oauth-request.js'
import type { TokenEndpoint } from '../../protocol/token-endpoint.js'
import type { Signer } from '../kit/backend/client-assertion.js'
import type { MoneyhubChoice } from './input.js'

/**
 * Delivery of the authorization request: pushed (`par`); pushed as a signed request object (`signed-par`); in the URL, as a
 * signed request object beside the same parameters (`request-object`); or as a signed request object that is stored at
 * Moneyhub's older endpoint (`request-uri`).
 */
export type MoneyhubDelivery = 'par' | 'signed-par' | 'request-object' | 'request-uri'

/** Seconds for which a request object is good. */
const requestObjectSeconds = 300

/** The parameters of an authorization request, with `claims` and `max_age`. */
export type MoneyhubParameters = Readonly<Record<string, string>>

/** Content of an authorization request. */
export interface MoneyhubRequest {
  readonly clientId: string
  readonly choice: MoneyhubChoice
  /** The Moneyhub user; none in the one-time use case, where Moneyhub makes one. */
  readonly userId: string | undefined
  readonly maxAgeSeconds: number
  readonly enableAsync: boolean
}

/** All parameters, as the documents show them, with nonce and PKCE. `sub` is the server's word, never the page's. */
export function toParameters(
  { clientId, choice, userId, maxAgeSeconds, enableAsync }: MoneyhubRequest,
  transaction: Omit<CodeRequest, 'clientId'>,
): MoneyhubParameters {
  const target = choice.mode === 'connect' ? `id:${choice.bankId}` : choice.mode
  const scope = `${transaction.scope} ${target}`
  return {
    ...buildCodeRequest({ ...transaction, clientId, scope }),
    prompt: 'consent',
    max_age: String(maxAgeSeconds),
    claims: JSON.stringify({ id_token: toClaims(choice, userId, enableAsync) }),
  }
}

function toClaims(choice: MoneyhubChoice, userId: string | undefined, enableAsync: boolean): JsonObject {
  const { consent } = choice
  return {
    sub: { essential: true, ...(userId !== undefined && { value: userId }) },
    'mh:con_id': { essential: true, ...(choice.mode !== 'connect' && { value: choice.connectionId }) },
    ...(enableAsync && { 'mh:sync': { essential: true, value: { enableAsync } } }),
    ...(consent && { 'mh:consent': { essential: true, value: consent } }),
  }
}

/** Settings of delivering a request. */
export interface DeliverySettings {
  readonly delivery: MoneyhubDelivery
  /** Authorization endpoint. */
  readonly authorizationEndpoint: string
  /** Endpoint for request objects (`request-uri`). */
  readonly requestEndpoint: string
  /** Puts `client_id` beside `request_uri`, as RFC 9126 has it and Moneyhub's own client does not. */
  readonly sendsClientId: boolean
  readonly signer: Signer | undefined
}

/**
 * Delivers the request and gives the URL that the person opens.
 *
 * @throws {TokenEndpointError} when Moneyhub refuses the request. @throws {NetworkError} when no response came.
 */
export async function deliver(
  parameters: MoneyhubParameters,
  endpoint: TokenEndpoint,
  settings: DeliverySettings,
): Promise<{ readonly url: string; readonly expiresInSeconds: number }> {
  const { delivery, authorizationEndpoint, sendsClientId } = settings
  const { claims: _claims, max_age: _maxAge, ...plain } = parameters
  const refer = (uri: string): string =>
    buildAuthorizationUrl(authorizationEndpoint, {
      client_id: sendsClientId ? endpoint.clientId : undefined,
      request_uri: uri,
    })
  if (delivery === 'par') {
    const { requestUri, expiresInSeconds } = await pushAuthorizationRequest(endpoint, parameters)
    return { url: refer(requestUri), expiresInSeconds }
  }
  const jwt = await sign(parameters, endpoint, settings.signer)
  if (delivery === 'request-object') {
    const url = buildAuthorizationUrl(authorizationEndpoint, { ...plain, request: jwt })
    return { url, expiresInSeconds: requestObjectSeconds }
  }
  if (delivery === 'request-uri') {
    const url = refer(await leaveRequestObject(jwt, endpoint, settings.requestEndpoint))
    return { url, expiresInSeconds: requestObjectSeconds }
  }
  const { requestUri, expiresInSeconds } = await pushAuthorizationRequest(endpoint, { request: jwt })
  return { url: refer(requestUri), expiresInSeconds }
}

/** @throws {TypeError} without a key. @see https://www.rfc-editor.org/rfc/rfc9101.html#section-4 */
function sign(
  parameters: MoneyhubParameters,
  { server, clientId, now }: TokenEndpoint,
  signer: Signer | undefined,
): Promise<string> {
  if (!signer) throw new TypeError('A signed request needs `privateKey` and `keyId`.')
  return oauth.issueRequestObject(server, { client_id: clientId }, parameters, signer, {
    [oauth.modifyAssertion](_header, payload) {
      const issuedAt = now()
      Object.assign(payload, { iat: issuedAt, nbf: issuedAt, exp: issuedAt + requestObjectSeconds })
    },
  })
}

/** Stores a request object at Moneyhub, and gives its `request_uri`. @throws as {@link deliver}. */
async function leaveRequestObject(jwt: string, { fetch }: TokenEndpoint, address: string): Promise<string> {
  const init = { method: 'POST', headers: { 'content-type': 'application/jws' }, body: jwt }
  const answer = await request(fetch, address, init)
  const { ok, status } = answer.response
  if (!ok) {
    throw new TokenEndpointError(
      'Moneyhub refused the request object. Compare its key and parameters with what is registered.',
      { error: oauthErrorOf(answer), status },
      { recovery: 'configure' },
    )
  }
  const uri = answer.text.trim()
  if (/^urn:[\x21-\x7e]{1,500}$/.test(uri)) return uri
  throw new ValidationError('response_malformed', 'request_uri', 'Moneyhub gave no usable request_uri.')
}
