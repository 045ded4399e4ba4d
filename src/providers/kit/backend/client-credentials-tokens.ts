import { requestClientCredentials, type TokenEndpoint } from '../../../protocol/token-endpoint.js'
import { mayReplace, noteReplacement } from '../../../protocol/replacements.js'
import type { RequestContext } from '../../../protocol/metadata-cache.js'

/** Purpose of a client-credentials token. */
export interface ClientCredentialsRequest {
  /** Space-delimited. */
  readonly scope: string
  /** The provider's user whose data it reads, where tokens are for one (Moneyhub). */
  readonly sub?: string
  /** A token that has just been refused: it is replaced, at most twice a minute and ten times an hour. */
  readonly rejected?: string | undefined
}

/**
 * Client-credentials tokens, which belong to the client and not to a connection: requested once per user and scope, and never
 * given to a page.
 *
 * @throws as `requestClientCredentials`.
 */
export type ClientCredentialsTokens = (
  request: ClientCredentialsRequest,
  context: RequestContext,
) => Promise<string>

/** A token with at least this many seconds left is used. */
const marginSeconds = 30

/** Most tokens that are kept; beyond it those that have expired go, and if need be the oldest. */
const maximumTokens = 5000

interface Held {
  readonly token: Promise<string>
  /** Epoch seconds; `Infinity` until the token response is there. */
  expiresAt: number
  /** When refused tokens of this user and scope were replaced: epoch seconds. */
  readonly replacedAt: readonly number[]
}

/**
 * @param usualSeconds Lifetime of a token whose response does not tell it.
 * @param checkAccessToken Throws for a token that must not be used.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4
 */
export function createClientCredentialsTokens(
  endpointFor: (context: RequestContext) => Promise<TokenEndpoint>,
  usualSeconds: number,
  checkAccessToken?: (accessToken: string) => void,
): ClientCredentialsTokens {
  const held = new Map<string, Held>()

  function ask(
    { scope, sub }: ClientCredentialsRequest,
    key: string,
    replacedAt: readonly number[],
    context: RequestContext,
  ): Promise<string> {
    const token = endpointFor(context)
      .then((endpoint) => requestClientCredentials(endpoint, { scope, ...(sub !== undefined && { sub }) }))
      .then(({ accessToken, expiresInSeconds = usualSeconds }) => {
        checkAccessToken?.(accessToken)
        entry.expiresAt = context.now() + expiresInSeconds
        return accessToken
      })
    const entry: Held = { token, expiresAt: Infinity, replacedAt }
    token.catch(() => {
      if (held.get(key) === entry) held.delete(key)
    })
    makeRoom(held, context.now())
    held.set(key, entry)
    return token
  }

  return async (request, context) => {
    const key = JSON.stringify([request.sub ?? null, request.scope])
    const entry = held.get(key)
    const { replacedAt = [] } = entry ?? {}
    if (!entry || entry.expiresAt - context.now() <= marginSeconds)
      return ask(request, key, replacedAt, context)
    const token = await entry.token
    if (token !== request.rejected) return token
    // Whoever else met the same refusal has asked for the next one already.
    const newer = held.get(key)
    if (newer && newer !== entry) return newer.token
    const now = context.now()
    // An API that refuses every token gets no more of them.
    if (!mayReplace(replacedAt, now)) return token
    return ask(request, key, noteReplacement(replacedAt, now), context)
  }
}

function makeRoom(held: Map<string, Held>, now: number): void {
  if (held.size < maximumTokens) return
  for (const [key, { expiresAt }] of held) if (expiresAt <= now) held.delete(key)
  const [oldest] = held.keys()
  if (held.size >= maximumTokens && oldest !== undefined) held.delete(oldest)
}
