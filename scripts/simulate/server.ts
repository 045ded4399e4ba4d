import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import type { Exchange, Serve } from './network.js'
import type { Scheduler } from './scheduler.js'

export const issuer = 'https://as.example'
export const clientId = 'client'

/** What a person has consented to, and everything that was issued for it. */
export interface Grant {
  readonly state: string
  readonly code: string
  readonly nonce: string | undefined
  readonly challenge: string
  readonly redirectUri: string
  /** The app's user who was sent here. */
  readonly subject: string
  isSpent: boolean
  /** All that were issued, the last ones good. */
  readonly accessTokens: string[]
  readonly refreshTokens: string[]
  /** The requests that got tokens, and what they got. */
  readonly successes: {
    readonly exchange: Exchange
    readonly refreshToken: string
    readonly fromCode: boolean
  }[]
  isRevoked: boolean
}

/** How the server fails: `busy` does nothing, `gateway` does the work and says 502. */
export interface Failure {
  readonly kind: 'busy' | 'gateway'
  /** The path of the requests that fail. @defaultValue any */
  readonly path?: string
}

export interface Server {
  readonly grants: readonly Grant[]
  readonly serve: Serve
  /** What becomes of the next requests: each of them fails one. */
  readonly failures: Failure[]
  /** The person consents, or refuses: where the browser is sent. */
  readonly approve: (authorizationUrl: URL, subject: string) => string
  readonly deny: (authorizationUrl: URL) => string
  /** A signed webhook about the person of a user. @returns its number, and its text. */
  readonly tell: (subject: string) => { readonly number: string; readonly text: string }
}

// One pair for all runs of a process: traces hold no bytes.
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'key', alg: 'ES256', use: 'sig' }
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signed(claims: object, typ?: string): string {
  const input = `${encode({ alg: 'ES256', kid: 'key', typ })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

const metadata = {
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  revocation_endpoint: `${issuer}/revoke`,
  jwks_uri: `${issuer}/jwks`,
  response_types_supported: ['code'],
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
}

const json = (body: object, status = 200): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } })

const personOf = (subject: string): string => `person of ${subject}`

/** Seconds for which an access token is good. */
const tokenSeconds = 300

/** An authorization server, its API beside it: codes and refresh tokens are good for one use. */
export function createServer(scheduler: Scheduler): Server {
  const grants: Grant[] = []
  const failures: Failure[] = []
  let issued = 0
  const make = (kind: string): string => `${kind}-${(issued += 1)}-${'x'.repeat(24)}`

  function issue(grant: Grant, exchange: Exchange, fromCode: boolean): Response {
    const accessToken = make('access')
    const refreshToken = make('refresh')
    grant.accessTokens.push(accessToken)
    grant.refreshTokens.push(refreshToken)
    grant.successes.push({ exchange, refreshToken, fromCode })
    const now = Math.floor(scheduler.time)
    const claims = {
      iss: issuer,
      aud: clientId,
      sub: personOf(grant.subject),
      iat: now,
      exp: now + 300,
      nonce: grant.nonce,
    }
    return json({
      ...{
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: tokenSeconds,
        refresh_token: refreshToken,
      },
      ...(fromCode && { id_token: signed(claims) }),
    })
  }

  function token(exchange: Exchange): Response {
    const { form } = exchange
    const refused = json({ error: 'invalid_grant' }, 400)
    if (form.get('grant_type') === 'refresh_token') {
      const grant = grants.find(({ refreshTokens }) => refreshTokens.at(-1) === form.get('refresh_token'))
      return grant && !grant.isRevoked ? issue(grant, exchange, false) : refused
    }
    const grant = grants.find(({ code }) => code === form.get('code'))
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (!grant || grant.isSpent || grant.challenge !== challenge) return refused
    grant.isSpent = true
    return issue(grant, exchange, true)
  }

  function revoke({ form }: Exchange): Response {
    const value = form.get('token') ?? ''
    for (const grant of grants)
      if (grant.refreshTokens.includes(value) || grant.accessTokens.at(-1) === value) grant.isRevoked = true
    return new Response(null)
  }

  function api({ headers }: Exchange): Response {
    const value = headers.get('authorization')?.replace('Bearer ', '')
    const isGood = grants.some(
      ({ accessTokens, isRevoked }) => !isRevoked && accessTokens.includes(value ?? ''),
    )
    return isGood ? json({ ok: true }) : new Response(null, { status: 401 })
  }

  function route(request: Request, exchange: Exchange): Response {
    const { pathname } = exchange.url
    if (pathname.includes('/.well-known/')) return json(metadata)
    if (pathname === '/jwks') return json({ keys: [jwk] })
    if (request.method !== 'POST' && pathname !== '/api/accounts') return new Response(null, { status: 405 })
    if (pathname === '/token') return token(exchange)
    return pathname === '/revoke' ? revoke(exchange) : api(exchange)
  }

  const answer = (authorizationUrl: URL, more: Record<string, string>): string => {
    const { searchParams } = authorizationUrl
    const url = new URL(searchParams.get('redirect_uri') ?? '')
    url.search = String(new URLSearchParams({ ...more, state: searchParams.get('state') ?? '', iss: issuer }))
    return url.href
  }

  return {
    grants,
    failures,
    serve(request, exchange) {
      const index = failures.findIndex(({ path = exchange.url.pathname }) => path === exchange.url.pathname)
      const [failure] = index < 0 ? [] : failures.splice(index, 1)
      if (failure?.kind === 'busy') return new Response(null, { status: 503 })
      const response = route(request, exchange)
      return failure
        ? new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
        : response
    },
    approve(authorizationUrl, subject) {
      const { searchParams } = authorizationUrl
      const get = (name: string): string => searchParams.get(name) ?? ''
      const code = make('code')
      grants.push({
        ...{
          state: get('state'),
          code,
          nonce: get('nonce') || undefined,
          challenge: get('code_challenge'),
          subject,
        },
        ...{ redirectUri: get('redirect_uri'), isSpent: false, isRevoked: false },
        ...{ accessTokens: [], refreshTokens: [], successes: [] },
      })
      return answer(authorizationUrl, { code })
    },
    tell(subject) {
      const number = make('webhook')
      const claims = { iss: issuer, aud: clientId, iat: Math.floor(scheduler.time), jti: number }
      const about = { sub: personOf(subject), events: { synced: {} } }
      return { number, text: signed({ ...claims, ...about }, 'secevent+jwt') }
    },
    deny: (authorizationUrl) => answer(authorizationUrl, { error: 'access_denied' }),
  }
}
