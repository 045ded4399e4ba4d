import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { JWKS } from 'oidc-provider'
import { sendJson, type BankRequest, type Handler } from './http.js'
import { institutionsOfScope } from './moneyhub-institutions.js'
import type { Profiles } from './moneyhub-profiles.js'
import { errors } from './oidc-provider.js'
import type { Context, Middleware } from './oidc-setup.js'

type Parameters = Readonly<Record<string, unknown>>

/** The claims of the ID Token that a request asks for. */
export interface RequestedClaims {
  readonly sub?: { readonly value?: string }
  readonly 'mh:con_id'?: { readonly value?: string }
  readonly 'mh:consent'?: { readonly value?: ConsentTerms }
  readonly [claim: string]: unknown
}

/** What a partner may ask of a consent. */
export interface ConsentTerms {
  readonly expirationDateTime?: string
  readonly transactionFromDateTime?: string
  readonly permissions?: readonly string[]
  readonly permissionsAction?: 'add' | 'replace'
}

/** Scopes that renew a connection in place of making one. */
export const renewals = ['reauth', 'reconsent', 'refresh'] as const

const day = 24 * 3600 * 1000

/** The longest that a consent may last. */
export const longestConsentDays = 90

/** The claims of the ID Token that a request asks for; none when it has no readable claims. */
export function claimsOf({ claims }: Parameters): RequestedClaims {
  const parsed = JSON.parse(typeof claims === 'string' ? claims : '{}') as { id_token?: RequestedClaims }
  return parsed.id_token ?? {}
}

/** @throws one of oidc-provider's errors for an authorization request that Moneyhub refuses */
export function checkMoneyhubRequest(parameters: Parameters, profiles: Profiles): void {
  const { prompt, scope, state } = parameters
  if (state === undefined) throw new errors.InvalidRequest('state is required')
  if (prompt !== 'consent') {
    throw new errors.InvalidRequest('prompt=consent is required, and no other is supported')
  }
  const scopes = typeof scope === 'string' ? scope.split(' ') : []
  const claims = claimsOf(parameters)
  // Without them nobody learns whose connection it is, and which.
  const lacking = ['sub', 'mh:con_id'].find((name) => !(name in claims))
  if (lacking !== undefined)
    throw new errors.InvalidRequest(`the claims do not ask for ${lacking} in the ID Token`)
  const profile = profiles.find(claims.sub?.value ?? '')
  if (claims.sub?.value !== undefined && !profile)
    throw new errors.InvalidRequest('the sub is no user of this client')
  checkTarget(scopes, claims, (id) => profile?.connections.has(id) ?? false)
  checkConsent(claims['mh:consent']?.value ?? {})
}

function checkTarget(scopes: readonly string[], claims: RequestedClaims, has: (id: string) => boolean): void {
  const renews = renewals.some((scope) => scopes.includes(scope))
  const connects = scopes.some((scope) => institutionsOfScope(scope).length > 0)
  if (renews === connects) {
    throw new errors.InvalidScope(
      'the scope names a financial institution, or reauth, reconsent or refresh',
      '',
    )
  }
  if (renews && !has(claims['mh:con_id']?.value ?? '')) {
    throw new errors.InvalidRequest('mh:con_id is no connection of this user')
  }
}

function checkConsent({ expirationDateTime, transactionFromDateTime }: ConsentTerms): void {
  const now = Date.now()
  const until = expirationDateTime === undefined ? now + day : Date.parse(expirationDateTime)
  if (!(until > now && until <= now + longestConsentDays * day)) {
    throw new errors.InvalidRequest('expirationDateTime is not within the next 90 days')
  }
  const from = transactionFromDateTime === undefined ? now : Date.parse(transactionFromDateTime)
  // 72 months
  if (!(from <= now && from >= now - 72 * 31 * day)) {
    throw new errors.InvalidRequest('transactionFromDateTime is more than 72 months ago')
  }
}

/** Refuses scopes that do not exist: oidc-provider would drop them. */
export function refuseUnknownScopes(issuer: string, known: ReadonlySet<string>): Middleware {
  return async (ctx, next) => {
    const asked = ctx.path === '/auth' || ctx.path === '/request' ? readRequest(ctx) : {}
    await next()
    const unknown = asked['scope']?.split(' ').some((scope) => !known.has(scope)) ?? false
    if (!unknown || ctx.status >= 400) return
    const error = { error: 'invalid_scope', error_description: 'this scope does not exist' }
    if (ctx.path === '/request') {
      ctx.status = 400
      ctx.body = error
    } else {
      const { redirect_uri = '', state = '' } = asked
      ctx.redirect(`${redirect_uri}?${new URLSearchParams({ ...error, state, iss: issuer }).toString()}`)
    }
  }
}

/** The parameters of an authorization request, wherever they are. */
function readRequest(ctx: Context): Readonly<Record<string, string>> {
  const { request, ...parameters } = { ...(ctx.req as BankRequest).parameters, ...ctx.query } as Record<
    string,
    string
  >
  return request === undefined ? parameters : decodeJwt(request)
}

/** Request objects that were left with Moneyhub before PAR was there to do that. */
export interface RequestObjects {
  /** `POST /request`, with a request object as `application/jws`. */
  readonly handler: Handler
  /**
   * Lets `request_uri` stand alone in an authorization request: the client is known by it. A URI of {@link handler}
   * becomes the request object that it stands for.
   */
  readonly resolve: Middleware
}

const prefix = 'urn:x-mh-request:'

/** Creates the memory of request objects. */
export function createRequestObjects(clientId: string, issuer: string, jwks: JWKS): RequestObjects {
  const kept = new Map<string, string>()
  const keys = createLocalJWKSet(jwks as Parameters & { keys: [] })

  function unfold(ctx: Context): void {
    const uri = ctx.query['request_uri']
    if (typeof uri !== 'string') return
    const request = kept.get(uri)
    kept.delete(uri)
    if (request !== undefined) ctx.query = { client_id: clientId, request }
    else if (ctx.query['client_id'] === undefined) ctx.query = { ...ctx.query, client_id: clientId }
  }

  return {
    handler: async (request, response) => {
      if (request.method !== 'POST' || request.headers['content-type'] !== 'application/jws') {
        sendJson(response, 415, { error: 'invalid_request' })
        return
      }
      const jws = request.body.toString()
      const genuine = await jwtVerify(jws, keys, { issuer: clientId, audience: issuer }).catch(
        () => undefined,
      )
      if (!genuine) sendJson(response, 400, { error: 'invalid_request_object' })
      else keep(request, response, jws)
    },
    resolve: async (ctx, next) => {
      if (ctx.path === '/auth') unfold(ctx)
      await next()
    },
  }

  function keep(_request: BankRequest, response: ServerResponse, jws: string): void {
    const uri = prefix + randomUUID()
    kept.set(uri, jws)
    response.writeHead(201, { 'content-type': 'text/plain' }).end(uri)
  }
}
