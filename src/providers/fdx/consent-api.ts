import type { HeldConnection } from '../../backend/provider.js'
import { NetworkError } from '../../protocol/errors.js'
import { readJsonObject, request, type Fetch } from '../../protocol/http.js'
import type { RequestContext } from '../../protocol/metadata-cache.js'
import { toRevocation, type Revocation } from '../../protocol/revocation-result.js'
import { readConsent } from './consent.js'
import type { FdxConsent, FdxInitiator, FdxRevocationReason } from './facts.js'

/** The consent API, called over mutual TLS with an access token of the consent or a client-credentials token. */
export interface ConsentApi {
  /** The base URL, with a slash at its end. */
  readonly base: string
  readonly fetch: Fetch
}

/** A consent, or a fixed word for why it could not be read; `tokenRefused`: another token may open it. */
export type ConsentReading =
  { readonly consent: FdxConsent } | { readonly unread: string; readonly tokenRefused: boolean }

/**
 * An access token that may open a consent, or `undefined` where there is none.
 *
 * @param rejected The token of the source before, where the API answered it with 401.
 */
export type TokenSource = (rejected: string | undefined) => Promise<string | undefined>

/** The client's own token. @param rejected One that the API has refused: it is replaced. */
export type ClientToken = (context: RequestContext, rejected?: string) => Promise<string>

/** The client's token as sources: the one that is kept, and where that is no longer good the next. */
export const clientTokenSources = (
  clientToken: ClientToken | undefined,
  context: RequestContext,
): readonly TokenSource[] =>
  clientToken
    ? [
        () => clientToken(context),
        (rejected) => (rejected === undefined ? Promise.resolve(undefined) : clientToken(context, rejected)),
      ]
    : []

/** Reads a consent with the first of these tokens that opens it. */
export async function fetchConsent(
  api: ConsentApi,
  id: string,
  tokens: readonly TokenSource[],
): Promise<ConsentReading> {
  let reading: ConsentReading = { unread: 'no_token', tokenRefused: true }
  let rejected: string | undefined
  for (const source of tokens) {
    const token = await source(rejected).catch(() => undefined)
    if (token === undefined || token === rejected) continue
    reading = await fetchWith(api, id, token)
    if ('consent' in reading || !reading.tokenRefused) return reading
    rejected = reading.unread === 'status_401' ? token : undefined
  }
  return reading
}

/** Reads a consent with one token. */
async function fetchWith(
  { base, fetch }: ConsentApi,
  id: string,
  accessToken: string,
): Promise<ConsentReading> {
  try {
    const answer = await request(fetch, `${base}consents/${encodeURIComponent(id)}`, {
      headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` },
    })
    const { status } = answer.response
    if (status !== 200) return { unread: `status_${String(status)}`, tokenRefused: isTokenRefusal(status) }
    const consent = readConsent(readJsonObject(answer), id)
    return consent ? { consent } : { unread: 'unreadable', tokenRefused: false }
  } catch (error) {
    return { unread: error instanceof NetworkError ? 'no_answer' : 'unreadable', tokenRefused: false }
  }
}

/** Answers that another token may change: some servers hide what a token does not open. */
const isTokenRefusal = (status: number): boolean => [401, 403, 404].includes(status)

/**
 * Ends a consent at the data provider.
 *
 * @returns The result, a yes also where the consent had ended before; `rejected` where the token is no longer good, `token` where it does not end it.
 * @throws {NetworkError} when no response came.
 */
export async function revokeConsent(
  api: ConsentApi,
  id: string,
  accessToken: string,
  revocation: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator },
): Promise<Revocation | 'token' | 'rejected'> {
  const answer = await request(api.fetch, `${api.base}consents/${encodeURIComponent(id)}/revocation`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify(revocation),
  })
  const { response } = answer
  // 404 is a yes by the API alone: the page of a server that knows no such path says nothing about the consent.
  const isUnknown = response.status === 404 && readJsonObject(answer) !== undefined
  if (response.status === 409 || isUnknown) return { revoked: true }
  if (response.status === 401) return 'rejected'
  const result = toRevocation(response)
  if (result.revoked || result.reason === 'unreachable') return result
  const reading = await fetchWith(api, id, accessToken)
  if ('consent' in reading && isOver(reading.consent)) return { revoked: true }
  return response.status === 403 ? 'token' : result
}

/** Whether the record of a connection's consent says that it is over; `false` where it cannot be read. */
export async function hasConsentEnded(
  api: ConsentApi,
  { details: { grant_id: id }, accessToken }: Pick<HeldConnection, 'details' | 'accessToken'>,
  tokens: readonly TokenSource[],
): Promise<boolean> {
  if (typeof id !== 'string') return false
  const reading = await fetchConsent(api, id, [...tokens, () => Promise.resolve(accessToken)])
  return 'consent' in reading && isOver(reading.consent)
}

const isOver = ({ status }: FdxConsent): boolean => status === 'REVOKED' || status === 'EXPIRED'
