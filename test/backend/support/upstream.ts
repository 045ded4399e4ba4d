import { createHash, randomBytes } from 'node:crypto'
import { exportJWK, generateKeyPair, jwtVerify, SignJWT, type JWTPayload } from 'jose'
import { randomSecret, secret } from '../../support/secrets.js'

/** A request as the upstream saw it. */
export interface UpstreamRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly form: URLSearchParams
  readonly body: string
}

/** Where Stitch would be. */
export const issuer = 'https://secure.bank.example'
export const api = 'https://api.bank.example/'
export const tokenEndpoint = `${issuer}/connect/token`
export const clientId = 'test-4e1f2a86'

/** One key pair for the client and one for the server, for all tests of a file. */
export const clientKeys = generateKeyPair('RS256', { extractable: true })
const firstKeys = generateKeyPair('RS256', { extractable: true })

const sha256 = (value: string): Buffer => createHash('sha256').update(value).digest()

interface Grant {
  readonly challenge: string
  readonly nonce: string
  readonly redirectUri: string
  readonly scope: string
  /** Whether `openid` was asked for: without it there is no ID Token. */
  readonly openid: boolean
}

/** A Stitch that answers through an injected `fetch`. Assertions and signatures are real. */
export interface Upstream {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly requests: UpstreamRequest[]
  /** Requests to one path. */
  to(path: string): UpstreamRequest[]
  /** A person consents at an authorization URL: gives the code. */
  visit(authorizationUrl: string, scope?: string): string
  /** The person who consents. */
  subject: string
  expiresIn: number
  /** Signs claims with the current key. */
  sign(claims: JWTPayload, header?: object): Promise<string>
  /** Signs with a new key of this name, or of the same one, from now on, and publishes that one alone. */
  rotateKeys(kid?: string): Promise<void>
  /** The API accepts none of the access tokens issued so far. */
  expireAccessTokens(): void
  /** The next answers, by path: a response, or a failure of the network. */
  readonly next: ((request: UpstreamRequest) => Response | undefined | Promise<Response | undefined>)[]
  /** Claims of ID Tokens to change. */
  claims: (claims: JWTPayload) => JWTPayload
  /** Members of token responses to change. */
  tokens: (body: Record<string, unknown>) => Record<string, unknown>
}

export function createUpstream(now: () => number): Upstream {
  const codes = new Map<string, Grant>()
  const refreshTokens = new Map<string, Grant>()
  const accessTokens = new Set<string>()
  const assertions = new Set<string>()
  let keys = { pair: firstKeys, kid: 'server', alg: 'RS256' }

  async function authenticate(form: URLSearchParams): Promise<boolean> {
    if (form.get('client_secret') !== null) return form.get('client_secret') === clientSecret
    const { publicKey } = await clientKeys
    const assertion = secret(form.get('client_assertion') ?? '')
    try {
      const { payload } = await jwtVerify(assertion, publicKey, {
        issuer: clientId,
        subject: clientId,
        audience: tokenEndpoint,
      })
      const fresh = payload.jti !== undefined && !assertions.has(payload.jti)
      assertions.add(payload.jti ?? '')
      return fresh
    } catch {
      return false
    }
  }

  async function issue(grant: Grant, fresh: boolean): Promise<Response> {
    const accessToken = randomSecret()
    accessTokens.add(accessToken)
    const refreshToken = randomSecret()
    refreshTokens.set(refreshToken, grant)
    const issuedAt = Math.floor(now())
    const { pair, kid, alg } = keys
    const { privateKey } = await pair
    const claims: JWTPayload = {
      iss: issuer,
      aud: clientId,
      sub: upstream.subject,
      iat: issuedAt,
      exp: issuedAt + 300,
      idp: 'local',
      at_hash: sha256(accessToken).subarray(0, 16).toString('base64url'),
      ...(fresh && { nonce: grant.nonce }),
    }
    const idToken = await new SignJWT(upstream.claims(claims))
      .setProtectedHeader({ alg, kid })
      .sign(privateKey)
    const offline = grant.scope.split(' ').includes('offline_access')
    return Response.json(
      upstream.tokens({
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: upstream.expiresIn,
        ...(grant.openid && { id_token: secret(idToken) }),
        scope: grant.scope,
        ...(offline && { refresh_token: refreshToken }),
      }),
    )
  }

  async function token({ form }: UpstreamRequest): Promise<Response> {
    if (!(await authenticate(form))) return Response.json({ error: 'invalid_client' }, { status: 401 })
    const refresh = form.get('grant_type') === 'refresh_token'
    const used = form.get(refresh ? 'refresh_token' : 'code') ?? ''
    const grants = refresh ? refreshTokens : codes
    const grant = grants.get(used)
    grants.delete(used)
    const verified =
      refresh ||
      (sha256(form.get('code_verifier') ?? '').toString('base64url') === grant?.challenge &&
        form.get('redirect_uri') === grant.redirectUri)
    if (!grant || !verified) return Response.json({ error: 'invalid_grant' }, { status: 400 })
    return issue(grant, !refresh)
  }

  function graphql({ headers, body }: UpstreamRequest): Response {
    const accessToken = headers.get('authorization')?.replace(/^Bearer /, '') ?? ''
    return accessTokens.has(accessToken)
      ? Response.json({ data: { echo: JSON.parse(body) as unknown } })
      : Response.json({
          errors: [{ message: 'UNAUTHENTICATED: Token is expired or malformed' }],
          extensions: { code: 'UNAUTHENTICATED' },
        })
  }

  async function answer(request: UpstreamRequest): Promise<Response> {
    for (const make of upstream.next) {
      const made = await make(request)
      if (!made) continue
      upstream.next.splice(upstream.next.indexOf(make), 1)
      return made
    }
    switch (request.url) {
      case `${issuer}/.well-known/openid-configuration`:
        return Response.json({ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: tokenEndpoint })
      case `${issuer}/jwks`: {
        const { pair, kid, alg } = keys
        const { publicKey } = await pair
        return Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid, alg }] })
      }
      case tokenEndpoint:
        return token(request)
      case `${api}graphql`:
        return graphql(request)
      default:
        return new Response(null, { status: 404 })
    }
  }

  const upstream: Upstream = {
    requests: [],
    to: (path) => upstream.requests.filter(({ url }) => new URL(url).pathname === path),
    subject: 'user/test/bank/1',
    expiresIn: 3600,
    next: [],
    claims: (claims) => claims,
    tokens: (body) => body,
    expireAccessTokens: () => {
      accessTokens.clear()
    },
    async sign(claims, header = {}) {
      const { pair, kid, alg } = keys
      const { privateKey } = await pair
      return new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
    },
    async rotateKeys(kid = keys.kid) {
      const pair = generateKeyPair('ES256', { extractable: true })
      await pair
      keys = { pair, kid, alg: 'ES256' }
    },
    async fetch(url, init) {
      const body =
        typeof init.body === 'string'
          ? init.body
          : init.body instanceof URLSearchParams
            ? String(init.body)
            : ''
      const request = {
        url,
        method: init.method ?? 'GET',
        headers: new Headers(init.headers),
        form: new URLSearchParams(body),
        body,
      }
      upstream.requests.push(request)
      await new Promise((resolve) => setImmediate(resolve))
      return answer(request)
    },
    visit(authorizationUrl, scope) {
      const { searchParams } = new URL(authorizationUrl)
      const given = (name: string): string => searchParams.get(name) ?? ''
      const code = randomSecret()
      codes.set(code, {
        challenge: given('code_challenge'),
        nonce: secret(given('nonce')),
        redirectUri: given('redirect_uri'),
        scope: scope ?? given('scope'),
        openid: given('scope').split(' ').includes('openid'),
      })
      return code
    },
  }
  return upstream
}

/** What a client of the newer kind has instead of a key. */
export const clientSecret = secret(randomBytes(24).toString('base64url'))

/** A failure of the network: with `code`, one of those that say the request was never sent. */
export const networkFailure = (code = 'ECONNRESET'): never => {
  throw Object.assign(new TypeError('fetch failed'), { cause: { code } })
}
