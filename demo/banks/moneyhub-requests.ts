import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import type { JWKS } from 'oidc-provider'
import { sendJson, type BankRequest, type Handler } from './http.js'
import { institutionsOfScope } from '../../src/testing/quirks/moneyhub-institutions.js'
import type { Profiles } from './moneyhub-profiles.js'
import { objectToMoneyhubRequest } from '../../src/testing/quirks/moneyhub.js'
import { throwObjection } from './oidc-provider.js'
import type { Context, Middleware } from './oidc-setup.js'

type Parameters = Readonly<Record<string, unknown>>

/** @throws one of oidc-provider's errors for an authorization request that Moneyhub refuses */
export function checkMoneyhubRequest(parameters: Parameters, profiles: Profiles): void {
  const objection = objectToMoneyhubRequest(parameters, {
    hasUser: (id) => profiles.find(id) !== undefined,
    hasConnection: (id, connection) => profiles.find(id)?.connections.has(connection) ?? false,
    isInstitution: (scope) => institutionsOfScope(scope).length > 0,
    now: Date.now(),
  })
  throwObjection(objection)
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
