import { StepUpError } from '../../protocol/errors.js'
import { readStepUp } from '../../protocol/step-up.js'
import type { Context } from '../context.js'
import type { AccessToken } from '../held-tokens.js'
import type { Provider } from '../provider.js'
import type { GetToken } from './channel.js'
import { resourceUrl } from './resource-url.js'

/** Sends a request to the API with an access token. */
export type SendWithToken = (url: string, init: RequestInit, token: AccessToken) => Promise<Response>

/**
 * A request to the provider's API. The access token goes along and nowhere else; when the API refuses it, it is
 * replaced once and the request sent once more, if it may be repeated. Where it may not, the answer is the API's, and the next
 * request has the new token.
 *
 * @param send How the token goes along. A bearer token needs no more than {@link sendBearer}.
 * @throws {CountersignError} `resource_not_allowed` for a path that leaves the provider's API.
 * @throws {StepUpError} when the API wants the person to sign in again, or by a stronger way.
 * @throws {TypeError} when the preset has no `api`.
 */
export async function authorizedFetch(
  provider: Provider,
  path: string,
  init: RequestInit,
  getToken: GetToken,
  send: SendWithToken,
): Promise<Response> {
  if (provider.api === undefined)
    throw new TypeError('This provider has no API base: give its preset the `api` option.')
  return sendAuthorized(provider, resourceUrl(provider.api, path), init, getToken, send)
}

/** A request with a token, which is replaced once when it is refused. */
export async function sendAuthorized(
  provider: Partial<Pick<Provider, 'isTokenRejected' | 'isRepeatable'>>,
  url: string,
  init: RequestInit,
  getToken: GetToken,
  send: SendWithToken,
): Promise<Response> {
  const sendWith = async (token: AccessToken): Promise<Response> => {
    const answer = await send(url, init, token)
    // Another token would not help: the person must sign in again.
    const asked = readStepUp(answer)
    if (asked) throw new StepUpError(asked)
    return answer
  }
  const token = await getToken()
  const response = await sendWith(token)
  const rejected = response.status === 401 || ((await provider.isTokenRejected?.(response.clone())) ?? false)
  if (!rejected) return response
  // Even if this request may not be repeated: the next one would be refused, too.
  const newer = await getToken(token.value)
  const isAnother = newer.value !== token.value
  // It is not replaced so soon after the one before: what the API says is the answer.
  return isAnother && (provider.isRepeatable ?? isRepeatable)(init) ? sendWith(newer) : response
}

/** Sends a bearer token. @see https://www.rfc-editor.org/rfc/rfc6750.html#section-2.1 */
export const sendBearer =
  ({ platform }: Pick<Context, 'platform'>): SendWithToken =>
  (url, init, token) => {
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token.value}`)
    return platform.fetch(url, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...init,
      // Whatever the application says: a redirect must not take the token elsewhere.
      redirect: 'error',
      headers,
    })
  }

/** @see https://www.rfc-editor.org/rfc/rfc9110.html#section-9.2.2 */
function isRepeatable({ method = 'GET', body }: RequestInit): boolean {
  return /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(method) && !(body instanceof ReadableStream)
}
