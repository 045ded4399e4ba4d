import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'
import { http, HttpResponse, type HttpHandler } from 'msw'
import { randomSecret, secret } from './secrets.js'

/** How a server may misbehave. Each function changes or replaces what a good server would have sent. */
export interface Hostility {
  /** The claims of the next ID Tokens. */
  claims?: (claims: JWTPayload) => JWTPayload
  /** Their header. */
  header?: (header: Record<string, unknown>) => Record<string, unknown>
  /** The whole ID Token. */
  idToken?: (claims: JWTPayload, header: Record<string, unknown>) => string | Promise<string>
  /** The body of successful token responses. */
  tokens?: (body: Record<string, unknown>) => unknown
  /** The answer of the token endpoint, instead of looking at the request. */
  token?: (form: URLSearchParams) => Response | Promise<Response | undefined> | undefined
  /** The metadata document. */
  metadata?: (document: Record<string, unknown>) => unknown
  /** The answer of the metadata's address. */
  discovery?: () => Response
  /** The answer of the keys' address. */
  jwks?: (keys: JWK[]) => Response | Promise<Response>
  /** The answer of the userinfo endpoint. */
  userinfo?: () => Response
  /** The answer to a page that looks whether the server is there at all: nothing, as with no network. */
  probe?: () => Response
  /** The answer of the revocation endpoint. */
  revocation?: (form: URLSearchParams) => Response
}

/** What the authorization endpoint does with a person. */
export interface Visit {
  /** Parameters of the response to add, to change or, where `undefined`, to leave out. */
  readonly parameters?: Readonly<Record<string, string | undefined>>
  /** The person refuses: an error response. */
  readonly error?: string
  /** The granted scope. */
  readonly scope?: string
}

interface Grant {
  readonly scope: string
  readonly nonce: string | undefined
  readonly state: string
  readonly challenge: string
  readonly redirectUri: string
}

/** A standard authorization server with one public client, for MSW. Its keys and signatures are real. */
export interface AuthorizationServer {
  readonly issuer: string
  readonly clientId: string
  /** The subject that signs in. */
  subject: string
  readonly hostile: Hostility
  readonly handlers: readonly HttpHandler[]
  /** Every request that arrived, by endpoint. */
  readonly requests: Readonly<
    Record<'discovery' | 'jwks' | 'token' | 'revocation' | 'userinfo' | 'api', RecordedRequest[]>
  >
  readonly metadata: Record<string, unknown>
  /** A person opens an authorization URL and consents: gives the URL that the browser is sent back to. */
  visit(authorizationUrl: string, visit?: Visit): string
  /** Signs with a new key of this name from now on, and publishes that one alone. */
  rotateKeys(kid: string | undefined): Promise<void>
  /** Signs claims with the server's key. */
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>
  /** The API accepts an access token no longer. */
  expire(accessToken: string): void
}

/** A request as a server saw it. */
export interface RecordedRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly form: URLSearchParams
}

const hash = (value: string): Buffer => createHash('sha256').update(value).digest()
const leftHalf = (value: string): string => hash(value).subarray(0, 16).toString('base64url')

// Generating keys takes its time: one pair for all servers of a test file.
const firstKeys = generateKeyPair('ES256', { extractable: true })

/** Starts a server. Nothing answers before its `handlers` are given to the network. */
export function createAuthorizationServer({
  issuer = 'https://as.example',
  clientId = 'client-1',
  now = () => Date.now() / 1000,
  discovery = 'oidc',
}: {
  readonly issuer?: string
  readonly clientId?: string
  /** Epoch seconds. */
  readonly now?: () => number
  /** The metadata that it publishes: of OpenID Connect Discovery, or of RFC 8414 alone. @defaultValue `oidc` */
  readonly discovery?: 'oidc' | 'oauth2'
} = {}): AuthorizationServer {
  const base = issuer.replace(/\/$/, '')
  const { origin, pathname } = new URL(base)
  const wellKnown = `${origin}/.well-known/oauth-authorization-server${pathname.replace(/\/$/, '')}`
  const hostile: Hostility = {}
  let keys = firstKeys
  let kid: string | undefined = 'key-1'
  const requests: AuthorizationServer['requests'] = {
    discovery: [],
    jwks: [],
    token: [],
    revocation: [],
    userinfo: [],
    api: [],
  }
  const grants = new Map<string, Grant>()
  const refreshTokens = new Map<string, Grant>()
  const accessTokens = new Set<string>()
  const metadata: Record<string, unknown> = {
    issuer,
    authorization_endpoint: `${base}/authorize`,
    token_endpoint: `${base}/token`,
    jwks_uri: `${base}/jwks`,
    revocation_endpoint: `${base}/revoke`,
    userinfo_endpoint: `${base}/userinfo`,
    response_types_supported: ['code'],
    code_challenge_methods_supported: ['S256'],
    id_token_signing_alg_values_supported: ['ES256'],
    authorization_response_iss_parameter_supported: true,
  }

  const sign = async (claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> => {
    const { privateKey } = await keys
    const named = { alg: 'ES256', ...(kid !== undefined && { kid }), ...header }
    return secret(await new SignJWT(claims).setProtectedHeader(named).sign(privateKey))
  }

  async function idToken(grant: Grant, accessToken: string, fresh: boolean): Promise<string> {
    const issuedAt = Math.floor(now())
    const good: JWTPayload = {
      iss: issuer,
      aud: clientId,
      sub: server.subject,
      iat: issuedAt,
      exp: issuedAt + 300,
      at_hash: leftHalf(accessToken),
      ...(fresh && { nonce: grant.nonce, s_hash: leftHalf(grant.state), auth_time: issuedAt }),
    }
    const claims = JSON.parse(JSON.stringify(hostile.claims?.(good) ?? good)) as JWTPayload
    const named = { alg: 'ES256', ...(kid !== undefined && { kid }) }
    const header = hostile.header?.(named) ?? named
    return secret((await hostile.idToken?.(claims, header)) ?? (await sign(claims, header)))
  }

  async function tokens(grant: Grant, fresh: boolean): Promise<Response> {
    const accessToken = randomSecret()
    accessTokens.add(accessToken)
    const scope = grant.scope.split(' ')
    let refreshToken: string | undefined
    if (scope.includes('offline_access')) refreshTokens.set((refreshToken = randomSecret()), grant)
    const body = {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: grant.scope,
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
      ...(scope.includes('openid') && { id_token: await idToken(grant, accessToken, fresh) }),
    }
    return HttpResponse.json((hostile.tokens?.(body) ?? body) as Record<string, string>)
  }

  const publish = (kind: typeof discovery): Response =>
    kind === discovery
      ? HttpResponse.json((hostile.metadata?.(metadata) ?? metadata) as Record<string, string>)
      : new HttpResponse(null, { status: 404 })

  const refuse = (error: string, status = 400): Response => HttpResponse.json({ error }, { status })

  async function token(form: URLSearchParams): Promise<Response> {
    const answer = await hostile.token?.(form)
    if (answer) return answer
    if (form.get('client_id') !== clientId) return refuse('invalid_client', 401)
    if (form.get('grant_type') === 'refresh_token') {
      const used = form.get('refresh_token') ?? ''
      const grant = refreshTokens.get(used)
      refreshTokens.delete(used)
      return grant ? tokens(grant, false) : refuse('invalid_grant')
    }
    const code = form.get('code') ?? ''
    const grant = grants.get(code)
    grants.delete(code)
    const verifier = secret(form.get('code_verifier') ?? '')
    if (grant?.challenge !== hash(verifier).toString('base64url')) return refuse('invalid_grant')
    if (form.get('redirect_uri') !== grant.redirectUri) return refuse('invalid_grant')
    return tokens(grant, true)
  }

  async function record(kind: keyof typeof requests, request: Request): Promise<URLSearchParams> {
    const form = new URLSearchParams(await request.text())
    requests[kind].push({ url: request.url, method: request.method, headers: request.headers, form })
    return form
  }

  const isAccepted = ({ headers }: Request): boolean =>
    accessTokens.has(headers.get('authorization')?.replace(/^(?:Bearer|DPoP) /, '') ?? '')

  const server: AuthorizationServer = {
    issuer,
    clientId,
    subject: 'user-1',
    hostile,
    requests,
    metadata,
    async rotateKeys(name) {
      const pair = await generateKeyPair('ES256', { extractable: true })
      keys = Promise.resolve(pair)
      kid = name
    },
    sign,
    handlers: [
      http.get(`${base}/.well-known/openid-configuration`, async ({ request }) => {
        await record('discovery', request)
        return hostile.discovery?.() ?? publish('oidc')
      }),
      http.get(wellKnown, async ({ request }) => {
        await record('discovery', request)
        return publish('oauth2')
      }),
      http.get(`${base}/jwks`, async ({ request }) => {
        await record('jwks', request)
        const { publicKey } = await keys
        const named = { alg: 'ES256', use: 'sig', ...(kid !== undefined && { kid }) }
        const jwk: JWK = { ...(await exportJWK(publicKey)), ...named }
        return (await hostile.jwks?.([jwk])) ?? HttpResponse.json({ keys: [jwk] })
      }),
      http.post(`${base}/token`, async ({ request }) => token(await record('token', request))),
      http.post(`${base}/revoke`, async ({ request }) => {
        const form = await record('revocation', request)
        refreshTokens.delete(form.get('token') ?? '')
        accessTokens.delete(form.get('token') ?? '')
        return hostile.revocation?.(form) ?? new HttpResponse(null)
      }),
      ...['token', 'revoke'].map((path) =>
        http.get(`${base}/${path}`, () => hostile.probe?.() ?? HttpResponse.error()),
      ),
      http.get(`${base}/userinfo`, async ({ request }) => {
        await record('userinfo', request)
        return isAccepted(request)
          ? (hostile.userinfo?.() ?? HttpResponse.json({ sub: server.subject, name: 'Ada' }))
          : new HttpResponse(null, { status: 401 })
      }),
      http.all(`${base}/api/*`, async ({ request }) => {
        await record('api', request)
        return isAccepted(request) ? HttpResponse.json({ ok: true }) : new HttpResponse(null, { status: 401 })
      }),
    ],
    visit(authorizationUrl, { parameters = {}, error, scope } = {}) {
      const { origin, pathname, searchParams } = new URL(authorizationUrl)
      if (origin + pathname !== `${base}/authorize`) throw new Error(`no authorization endpoint: ${origin}`)
      const given = (name: string): string => {
        const values = searchParams.getAll(name)
        if (values.length !== 1 || !values[0]) throw new Error(`${name} is given ${values.length} times`)
        return values[0]
      }
      if (given('response_type') !== 'code' || given('code_challenge_method') !== 'S256')
        throw new Error('neither a code nor S256 is asked for')
      if (given('client_id') !== clientId) throw new Error('unknown client')
      const nonce = searchParams.get('nonce') ?? undefined
      if (nonce !== undefined) secret(nonce)
      const code = error === undefined ? randomSecret() : undefined
      if (code !== undefined) {
        grants.set(code, {
          scope: scope ?? given('scope'),
          nonce,
          state: given('state'),
          challenge: given('code_challenge'),
          redirectUri: given('redirect_uri'),
        })
      }
      const response: Record<string, string | undefined> = { code, error, state: given('state'), iss: issuer }
      const back = new URL(given('redirect_uri'))
      for (const [name, value] of Object.entries({ ...response, ...parameters })) {
        if (value !== undefined) back.searchParams.append(name, value)
      }
      return back.href
    },
    expire: (accessToken) => accessTokens.delete(accessToken),
  }
  return server
}
