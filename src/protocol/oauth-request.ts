import * as oauth from 'oauth4webapi'
import { sentValues } from './error-description.js'
import { readJsonObject, request, type Answer, type Fetch, type HttpOptions } from './http.js'

/** Option of oauth4webapi that makes it send by {@link request}. */
export interface Through {
  readonly [oauth.customFetch]: (url: string, init: object) => Promise<Response>
}

/**
 * Has oauth4webapi make one request, sent by {@link request}. It returns the response unread; the body is in the answer.
 *
 * @throws as {@link request}, and errors of oauth4webapi before anything is sent.
 */
export async function oauthRequest(
  fetch: Fetch,
  make: (through: Through) => Promise<Response>,
  options?: HttpOptions,
): Promise<Answer> {
  let text = ''
  let sent: readonly string[] = []
  const response = await make({
    async [oauth.customFetch](url, init) {
      sent = sentValues(init)
      const answer = await request(fetch, url, init, options)
      text = answer.text
      return answer.response
    },
  })
  return { response, text, sent }
}

/** The `error` of an error answer, in the characters that RFC 6749 §5.2 allows. */
export function oauthErrorOf(answer: Answer): string | undefined {
  const error = answer.response.status === 200 ? undefined : readJsonObject(answer)?.['error']
  return typeof error === 'string' && /^[\x20-\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(error) ? error : undefined
}
