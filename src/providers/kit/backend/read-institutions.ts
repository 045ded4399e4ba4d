import type { Fetch } from '../../../protocol/http.js'
import { oauthErrorOf } from '../../../protocol/oauth-request.js'
import { TokenEndpointError, ValidationError } from '../../../protocol/errors.js'
import { request, type Answer } from '../../../protocol/http.js'
import { retryAfterOf } from '../../../protocol/retry-after.js'

/** Bytes of the longest list: Moneyhub's has about a thousand institutions. */
const maximumBytes = 8 * 1024 * 1024

/** Members of an object of a provider's list, of which nothing is known yet. */
export type Listed = Readonly<Record<string, unknown>>

/**
 * Asks a provider for its list of institutions.
 *
 * @param token An access token, where the list is not public.
 * @throws {TokenEndpointError} when it refuses. @throws {NetworkError} when no response came.
 */
export async function requestInstitutions(
  label: string,
  url: string,
  { fetch, token }: { readonly fetch: Fetch; readonly token?: string },
): Promise<Answer> {
  const headers = {
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const answer = await request(fetch, url, { method: 'GET', headers }, { maximumBytes })
  if (answer.response.ok) return answer
  const { status, headers: received } = answer.response
  throw new TokenEndpointError(
    `${label} did not list its institutions. Check the address of the list, and that the client may read it.`,
    { error: oauthErrorOf(answer), status },
    { retryAfterSeconds: retryAfterOf(received) },
  )
}

/** The objects of a list in an answer; `member` names it where the answer is an object. @throws {ValidationError} for none. */
export function readListed(label: string, { text }: Answer, member?: string): readonly Listed[] {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    // Below it is no list.
  }
  const list = member === undefined ? body : (Object(body) as Listed)[member]
  if (Array.isArray(list)) return list.map((one) => Object(one) as Listed)
  throw new ValidationError('response_malformed', 'institutions', `${label} gave no list of institutions.`)
}

/** A text of a list; empty where it is none. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
