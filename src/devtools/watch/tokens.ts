import type { HeldTokens } from '../../core/held-tokens.js'
import { redactError } from './redact.js'
import type { Watched } from './watched.js'

/** Notes each renewal of an access token: how many callers waited for it, and how many requests it took. */
export function watchTokens(watched: Watched): void {
  const { context, log, renewals } = watched
  const tokens = context.tokens as { -readonly [Name in keyof HeldTokens]: HeldTokens[Name] }
  const { pending, renew } = tokens
  tokens.pending = (id) => {
    const request = pending(id)
    const renewal = request && renewals.get(id)
    if (renewal) renewal.callers++
    return request
  }
  tokens.renew = (id, connectedAt, request) => {
    // The request began before it is noted here.
    const renewal = { callers: 1, requests: 0 }
    renewals.set(id, renewal)
    const begun = log.begin()
    const end = (outcome: string, error?: unknown): void => {
      if (renewals.get(id) === renewal) renewals.delete(id)
      log.add({
        ...{ kind: 'renewal', from: 'page', to: 'page', begun, connection: id, outcome, ...renewal },
        ...(error !== undefined && { error: redactError(error) }),
      })
    }
    request.then(
      () => {
        end('renewed')
      },
      (error: unknown) => {
        end('failed', error)
      },
    )
    return renew(id, connectedAt, request)
  }
}
