import * as oauth from 'oauth4webapi'
import { decodeBase64url } from '../../protocol/base64url-decode.js'
import type { JsonObject } from '../../protocol/contract.js'
import type { ServerMetadata } from '../../protocol/metadata.js'
import { checkSignature } from '../../protocol/signing-keys.js'
import { isObject } from '../http/body.js'
import { Refusal } from '../http/refusal.js'
import type { ProviderContext } from '../provider-given.js'
import type { KeyServer, WebhookSignature } from './provider-webhooks.js'

/** The claims of a verified security event token. @see https://www.rfc-editor.org/rfc/rfc8417.html#section-2.2 */
export interface SecurityEvent extends JsonObject {
  readonly jti: string
  readonly sub: string
  /** Epoch seconds. */
  readonly iat: number
  /** Details of each event, by its name. */
  readonly events: JsonObject
}

/** Seconds after which a token is no longer taken, and for which its `jti` is remembered. */
export const eventSeconds = 600

/** Seconds by which the provider's clock may be ahead. */
const toleranceSeconds = 60

/** Members of an ID Token: the same keys sign both, and neither may pass for the other (RFC 8417 §4.6). */
const idTokenMembers = ['nonce', 'at_hash', 'c_hash', 's_hash', 'auth_time', 'azp']

/** A delivery that is not accepted. @param reason The header member or the claim at fault. */
export const refuseWebhook = (reason: string): never => {
  throw new Refusal('invalid_request', {
    description: `The webhook has no acceptable ${reason}.`,
    reason: `webhook:${reason}`,
  })
}

/**
 * Verifies a security event token: algorithm, type, issuer, audience, age, and last its signature.
 *
 * @throws {Refusal} `invalid_request` naming what is not acceptable; `provider_unavailable` where the provider's keys cannot be had.
 * @see https://www.rfc-editor.org/rfc/rfc8725.html#section-3
 */
export async function verifySecurityEvent(
  jwt: string,
  signature: WebhookSignature,
  context: ProviderContext,
): Promise<SecurityEvent> {
  const { issuer, audience, algorithms = ['RS256', 'PS256', 'ES256'] } = signature
  const { alg, typ } = headerOf(jwt)
  if (typeof alg !== 'string' || !algorithms.includes(alg)) return refuseWebhook('alg')
  // Moneyhub writes none. What says that it is something else, such as an access token, is something else.
  const isEvent = typeof typ === 'string' && /^(?:application\/)?secevent\+jwt$/i.test(typ)
  if (typ !== undefined && !isEvent) refuseWebhook('typ')
  const server = eventServer(await signature.server(context), issuer)
  // oauth4webapi reads a response: it takes a signed UserInfo response for any signed claims of a server.
  const response = new Response(jwt, { headers: { 'content-type': 'application/jwt' } })
  const client: oauth.Client = { client_id: audience, userinfo_signed_response_alg: alg }
  const claims = await oauth
    // eslint-disable-next-line no-restricted-syntax -- nobody is expected: the user's connection is found by the subject
    .processUserInfoResponse(server, client, oauth.skipSubjectCheck, response)
    .catch((error: unknown) => refuseWebhook(claimOf(error)))
  checkClaims(claims, { issuer, audience, now: context.now() })
  await checkSigned(server, response, context)
  return claims as unknown as SecurityEvent
}

function headerOf(jwt: string): { readonly alg?: unknown; readonly typ?: unknown } {
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(jwt.split('.', 1)[0] ?? '')))
    return isObject(header) ? header : {}
  } catch {
    return refuseWebhook('header')
  }
}

function checkClaims(
  claims: Readonly<Record<string, unknown>>,
  expected: { readonly issuer: string; readonly audience: string; readonly now: number },
): void {
  const { iss, aud, iat, jti, events } = claims
  const { issuer, audience, now } = expected
  if (iss !== issuer) refuseWebhook('iss')
  // For this client alone: what is meant for several was not made for it.
  const [only, ...others] = [aud].flat()
  if (only !== audience || others.length > 0) refuseWebhook('aud')
  if (typeof iat !== 'number' || iat > now + toleranceSeconds || iat < now - eventSeconds)
    refuseWebhook('iat')
  if (typeof jti !== 'string' || jti === '' || jti.length > 255) refuseWebhook('jti')
  const names = isObject(events) ? Object.keys(events) : []
  if (names.length === 0 || !names.every((name) => isObject((events as JsonObject)[name])))
    refuseWebhook('events')
  if (idTokenMembers.some((name) => name in claims)) refuseWebhook('type')
}

async function checkSigned(
  server: ServerMetadata,
  response: Response,
  { fetch, now }: ProviderContext,
): Promise<void> {
  const failure = await checkSignature(server, response, fetch, now).catch(() => refuseWebhook('signature'))
  if (failure === undefined) return
  if ((failure as { readonly code?: unknown }).code === oauth.KEY_SELECTION) refuseWebhook('signature')
  throw new Refusal('provider_unavailable', { reason: 'no_keys' })
}

/** The claim that an error of oauth4webapi is about; never its value. */
function claimOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  return /(?:JWT|response" body) "(\w+)"/.exec(message)?.[1] ?? 'claims'
}

const eventServers = new WeakMap<KeyServer, ServerMetadata>()

/** The server as the issuer of events: one object for as long as the metadata is kept, since keys are kept by it. */
function eventServer(metadata: KeyServer, issuer: string): ServerMetadata {
  const server = eventServers.get(metadata) ?? { ...metadata, issuer }
  eventServers.set(metadata, server)
  return server
}
