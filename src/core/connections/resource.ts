import { resourceUrl } from '../channel/resource-url.js'
import { type Context, providerOf } from '../context.js'
import type { AccessToken } from '../held-tokens.js'
import type { Connection } from '../records/connection.js'
import { getAccessToken } from './access-token.js'

/**
 * A request to the provider's API. The access token goes along and nowhere else; when the API refuses it, it is
 * replaced once and the request sent once more, if it may be repeated.
 *
 * @throws {CountersignError} `resource_not_allowed` for a path that leaves the provider's API.
 */
export async function fetchResource(
  context: Context,
  connection: Connection,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const channel = await context.channel(connection.provider)
  const provider = providerOf(context, connection.provider)
  if (channel.fetch) return channel.fetch(connection, path, init)

  if (provider.api === undefined)
    throw new TypeError('This provider has no API base: give its preset the `api` option.')
  const url = resourceUrl(provider.api, path)
  const send = async (token: AccessToken): Promise<Response> => {
    if (channel.send) return channel.send(url, init, token)
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token.value}`)
    return context.platform.fetch(url, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...init,
      // Whatever the application says: a redirect must not take the token elsewhere.
      redirect: 'error',
      headers,
    })
  }
  const token = await getAccessToken(context, connection)
  const response = await send(token)
  const rejected = response.status === 401 || ((await provider.isTokenRejected?.(response.clone())) ?? false)
  if (!rejected || !(provider.isRepeatable ?? isRepeatable)(init)) return response
  return send(await getAccessToken(context, connection, token.value))
}

/** @see https://www.rfc-editor.org/rfc/rfc9110.html#section-9.2.2 */
export function isRepeatable({ method = 'GET', body }: RequestInit): boolean {
  return /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(method) && !(body instanceof ReadableStream)
}
