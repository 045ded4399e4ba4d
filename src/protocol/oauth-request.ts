import * as oauth from 'oauth4webapi'
import { request, type Answer, type Fetch, type HttpOptions } from './http.js'

/** How oauth4webapi is told to send by {@link request}. */
export interface Through {
  readonly [oauth.customFetch]: (url: string, init: object) => Promise<Response>
}

/**
 * Has oauth4webapi make one request, sent by {@link request}. It hands the response back as it got it; what was read of it
 * is in the answer.
 *
 * @throws as {@link request}, and what oauth4webapi throws before anything is sent.
 */
export async function oauthRequest(
  fetch: Fetch,
  make: (through: Through) => Promise<Response>,
  options?: HttpOptions,
): Promise<Answer> {
  let text = ''
  const response = await make({
    async [oauth.customFetch](url, init) {
      const answer = await request(fetch, url, init, options)
      text = answer.text
      return answer.response
    },
  })
  return { response, text }
}
