import { ValidationError } from './errors.js'
import { isFaultOfForm } from './refresh-verdict.js'
import { revoke } from './revocation.js'
import { checkTokens, requestTokens, type CheckedTokens, type TokenEndpoint } from './token-endpoint.js'
import { withoutCauses } from './token-error.js'
import { isToken } from './token.js'
import type { UncheckedTokens } from './token-response.js'
import { verifyIdToken, type ExpectedIdToken } from './verify-id-token.js'

/** Result of a refresh. Where its answer cannot be used, the refresh token and nothing else. */
export type RefreshedTokens = CheckedTokens | (UncheckedTokens & { readonly claims?: undefined })

/** What the ID Token of a refresh must repeat, where one comes. */
export type RefreshExpectation = Pick<ExpectedIdToken, 'subject' | 'first'>

/**
 * Uses a refresh token. `refreshToken` of the result is `undefined` when the old one stays good.
 *
 * The old one may be spent by the time the answer is read, so a fault of the answer must not cost the new one:
 *
 * - No key for the ID Token can be had just now: the access token is withheld.
 * - A fault of form, in an answer whose ID Token names the same person, client and server: the access token is withheld, and
 *   `fault` says what was wrong.
 * - Any other fault means that the answer may be another person's, client's or server's: its tokens are revoked at the server
 *   that was asked, the old refresh token with them, and the fault is thrown.
 *
 * @param expected Subject and facts of the connection's first ID Token: a refreshed one must name the same.
 * @throws {TokenEndpointError} for an error answer. @throws {ValidationError} for an answer that is not acceptable: `judgeRefresh`
 * says what follows.
 * @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-6
 */
export async function refreshTokens(
  endpoint: TokenEndpoint,
  refreshToken: string,
  expected: RefreshExpectation = {},
): Promise<RefreshedTokens> {
  const body = await requestTokens(endpoint, 'refresh_token', { refresh_token: refreshToken })
  const issued = issuedTokens(body)
  try {
    const { tokens, unchecked } = await checkTokens(endpoint, expected, body)
    return unchecked ? { refreshToken: tokens.refreshToken } : tokens
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    const foreign = isFaultOfForm(error) ? await foreignFault(endpoint, expected, body) : error
    if (!foreign) return { refreshToken: issued.refreshToken, fault: asKept(error) }
    // As well as it can: whatever comes of it, none of these tokens is used.
    await revoke(endpoint, [
      [issued.refreshToken ?? refreshToken, 'refresh_token'],
      [issued.accessToken, 'access_token'],
    ]).catch(() => undefined)
    throw foreign
  }
}

/**
 * The fault by which the ID Token of an answer may be somebody else's, whatever its times are and the rest of the answer is.
 * `undefined` where there is none, or no ID Token.
 */
async function foreignFault(
  endpoint: TokenEndpoint,
  expected: RefreshExpectation,
  { id_token: idToken, access_token: value }: Readonly<Record<string, unknown>>,
): Promise<ValidationError | undefined> {
  if (!isToken(idToken)) return undefined
  const rules = { ...endpoint, clockToleranceSeconds: Number.MAX_SAFE_INTEGER }
  const accessToken = isToken(value) ? value : undefined
  try {
    await withoutCauses(() =>
      verifyIdToken(rules, expected, { accessToken: accessToken ?? 'unreadable', idToken }),
    )
    return undefined
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    // It names the right person; only what cannot be read has another hash.
    if (error.parameter === 'at_hash' && accessToken === undefined) return undefined
    return isFaultOfForm(error) ? unreadable() : error
  }
}

/** A fault that costs nothing but this refresh, in words for that. */
export const asKept = ({ code, parameter, message }: ValidationError): ValidationError =>
  new ValidationError(
    code,
    parameter,
    message.replace(/[^.]*; start again with authorize\(\)\.$/, ' The connection is kept; try again later.'),
    { recovery: 'resume' },
  )

const unreadable = (): ValidationError =>
  new ValidationError(
    'id_token_invalid',
    'id_token',
    'The ID Token has times that cannot be read, so nothing says whom it names. Renew the connection with authorize().',
  )

/**
 * The tokens of an answer, whatever else is wrong with it.
 *
 * @throws {ValidationError} `token_response_invalid` with the parameter `body` for one that holds none: it is no token response.
 */
function issuedTokens(body: Readonly<Record<string, unknown>>): {
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
} {
  const { access_token: accessToken, refresh_token: refreshToken } = body
  if (!accessToken && !refreshToken)
    throw new ValidationError(
      'token_response_invalid',
      'body',
      'The token endpoint answered a refresh without any token. Try again later.',
      { recovery: 'resume' },
    )
  return {
    accessToken: isToken(accessToken) ? accessToken : undefined,
    refreshToken: isToken(refreshToken) ? refreshToken : undefined,
  }
}
