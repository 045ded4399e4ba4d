import * as oauth from 'oauth4webapi'
import type { Fetch } from './http.js'
import { insecure } from './metadata.js'

/**
 * A `fetch` that sends the access token with a proof for each request; once more where the API asks for its nonce in the proof, since it
 * has done nothing then.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9449.html#section-7
 */
export const sendWithProof =
  (dpop: oauth.DPoPHandle, accessToken: string, fetch: Fetch): Fetch =>
  async (url, init) => {
    for (let attempt = 0; ; attempt += 1) {
      let answer: Response | undefined
      try {
        return await oauth.protectedResourceRequest(
          accessToken,
          init.method ?? 'GET',
          new URL(url),
          new Headers(init.headers),
          init.body as string | undefined,
          {
            DPoP: dpop,
            ...insecure(url),
            [oauth.customFetch]: async (href, { headers }) =>
              (answer = await fetch(href, { ...init, headers })),
          },
        )
      } catch (error) {
        // A 401 with a challenge is an answer, not a failure: what follows from it is decided where it is read.
        if (!answer) throw error
        // Whatever another status asks for: something may have been done, such as a payment.
        const isRefused = answer.status === 401 && oauth.isDPoPNonceError(error)
        if (attempt > 0 || !isRefused) return answer
        await answer.body?.cancel()
      }
    }
  }
