import { decodeJwt, type JWTPayload } from 'jose'
import { crossOriginHeaders } from './cross-origin.js'
import type { BankRequest } from './http.js'
import type { Middleware } from './oidc-setup.js'

/** A refusal of a token request, as RFC 6749 §5.2 has it; `undefined` where there is nothing to refuse. */
export interface TokenRefusal {
  readonly status?: 400 | 401
  readonly error: 'invalid_request' | 'invalid_client'
  readonly error_description: string
}

/**
 * Refuses token requests at `path` that the provider's documents do not allow, before oidc-provider sees them.
 *
 * @param readers Origins whose pages may read the refusal.
 */
export function checkTokenRequests(
  path: string,
  check: (parameters: BankRequest['parameters']) => TokenRefusal | undefined,
  readers: readonly string[] = [],
): Middleware {
  return async (ctx, next) => {
    const request = ctx.req as BankRequest
    const refusal = ctx.path === path && request.method === 'POST' ? check(request.parameters) : undefined
    if (!refusal) return next()
    const { status = 400, ...body } = refusal
    ctx.status = status
    ctx.set({ 'cache-control': 'no-store', ...crossOriginHeaders(request, readers) })
    ctx.body = body
    return undefined
  }
}

/** The refusal of a request that lacks one of these parameters. */
export function missing(
  parameters: BankRequest['parameters'],
  required: readonly string[],
): TokenRefusal | undefined {
  const name = required.find((one) => (parameters[one] ?? '') === '')
  return name === undefined
    ? undefined
    : { error: 'invalid_request', error_description: `${name} is required` }
}

/**
 * The refusal of a client assertion that is not meant for this endpoint alone, or lives longer than a request takes.
 *
 * @param longestSeconds From now on.
 */
export function unacceptableAssertion(
  assertion: string,
  audience: string,
  longestSeconds: number,
): TokenRefusal | undefined {
  const { aud, exp = 0 } = claimsOf(assertion)
  const refuse = (error_description: string): TokenRefusal => ({
    status: 401,
    error: 'invalid_client',
    error_description,
  })
  if (aud !== audience) return refuse('aud of the client assertion is not the token endpoint')
  if (exp > Date.now() / 1000 + longestSeconds) return refuse('the client assertion lives too long')
  return undefined
}

function claimsOf(jwt: string): JWTPayload {
  try {
    return decodeJwt(jwt)
  } catch {
    return {}
  }
}
