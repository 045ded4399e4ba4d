import { readIdToken } from './id-token.js'
import { Refusal } from './refusal.js'

/** An authorization server, of which this server is a confidential client. With `openid` in its scope it issues ID Tokens. */
export function oauthProvider(settings) {
  const { clientId, clientSecret, authorizationEndpoint, tokenEndpoint, revocationEndpoint } = settings
  const encode = (value) => new URLSearchParams([['', value]]).toString().slice(1)
  const authorization = `Basic ${btoa(`${encode(clientId)}:${encode(clientSecret)}`)}`

  const post = (endpoint, form) =>
    request(endpoint, {
      method: 'POST',
      headers: { authorization, accept: 'application/json' },
      body: new URLSearchParams(form),
    })

  const isOpenId = settings.scope.split(' ').includes('openid')

  async function tokenRequest(form, nonce) {
    const { status, text } = await post(tokenEndpoint, form)
    const body = parse(text)
    if (status >= 500 || status === 429) throw new Refusal('provider_unavailable')
    if (status === 400 && body?.error === 'invalid_grant') throw new Refusal('invalid_grant')
    const isBearer = /^bearer$/i.test(body?.token_type)
    if (status !== 200 || typeof body?.access_token !== 'string' || !isBearer)
      throw new Refusal('provider_error')
    // A refresh may come without an ID Token (OpenID Connect Core §12.2); a code may not.
    const isDue = isOpenId && (nonce !== undefined || body.id_token !== undefined)
    return {
      accessToken: body.access_token,
      expiresAt: Date.now() / 1000 + (Number(body.expires_in) || 300),
      refreshToken: body.refresh_token,
      scope: body.scope,
      person: isDue ? (await readIdToken(body.id_token, settings, { nonce })).sub : undefined,
    }
  }

  return {
    ...settings,
    isOpenId,

    authorizationUrl({ state, challenge, nonce, scope }) {
      const url = new URL(authorizationEndpoint)
      url.search = new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: settings.redirectUri,
        scope,
        state,
        code_challenge: challenge,
        code_challenge_method: 'S256',
        ...(isOpenId && { nonce }),
      }).toString()
      return url.href
    },

    redeem: (code, verifier, nonce) =>
      tokenRequest(
        {
          grant_type: 'authorization_code',
          code,
          redirect_uri: settings.redirectUri,
          code_verifier: verifier,
        },
        nonce,
      ),

    refresh: (refreshToken) => tokenRequest({ grant_type: 'refresh_token', refresh_token: refreshToken }),

    async revoke(token) {
      if (!revocationEndpoint || !token) return { revoked: false, reason: 'no_endpoint' }
      const { status } = await post(revocationEndpoint, { token, token_type_hint: 'refresh_token' })
      if (status === 200 || status === 204) return { revoked: true }
      return { revoked: false, reason: status >= 500 || status === 429 ? 'unreachable' : 'refused' }
    },
  }
}

/** One request to another server: no redirect is followed, time and size are bounded. */
export async function request(url, init, maximumBytes = 262_144) {
  let response
  let text
  try {
    response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(15_000) })
    text = await readCapped(response, maximumBytes)
  } catch {
    // Nobody knows what became of the request.
    throw Object.assign(new Refusal('provider_unavailable'), { isUnanswered: true })
  }
  if (text === undefined) throw new Refusal('provider_error')
  if (response.status >= 300 && response.status < 400) throw new Refusal('provider_error')
  return { status: response.status, headers: response.headers, text }
}

async function readCapped(response, maximumBytes) {
  const chunks = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > maximumBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
