import { parseScope } from './scope.js'

/** One authorization request for a code, before it has the names of the wire. */
export interface CodeRequest {
  readonly clientId: string
  readonly redirectUri: string
  /** Space-delimited. */
  readonly scope: string
  readonly state: string
  /** Only with `openid`. */
  readonly nonce?: string | undefined
  /** S256 of the code verifier. */
  readonly codeChallenge: string
}

/**
 * The parameters that every authorization code request has, whether it is sent in the URL, pushed or signed. A provider's
 * own parameters stand beside them.
 *
 * @param codeChallengeMethod `omitted` for a server that does not know the parameter and takes every challenge for S256;
 * any other server would take it for `plain`. Not a member of the request, so that no spread object can set it.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.1
 * @see https://www.rfc-editor.org/rfc/rfc7636.html#section-4.3
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export function buildCodeRequest(
  { clientId, redirectUri, scope, state, nonce, codeChallenge }: CodeRequest,
  codeChallengeMethod: 'S256' | 'omitted' = 'S256',
): Readonly<Record<string, string>> {
  return {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope,
    state,
    ...(nonce !== undefined && { nonce }),
    code_challenge: codeChallenge,
    ...(codeChallengeMethod === 'S256' && { code_challenge_method: 'S256' }),
  }
}

/**
 * The `prompt` of an OpenID request for `offline_access`: without consent, a strict server leaves `offline_access` out in silence.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess
 */
export function offlinePrompt(scope: string): { readonly prompt?: 'consent' } {
  const values = parseScope(scope)
  return values.includes('openid') && values.includes('offline_access') ? { prompt: 'consent' } : {}
}
