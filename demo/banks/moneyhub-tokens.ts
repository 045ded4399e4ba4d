import type { Provider } from 'oidc-provider'
import type { BankRequest } from './http.js'
import type { Profiles } from './moneyhub-profiles.js'
import { errors } from './oidc-provider.js'
import type { Middleware } from './oidc-setup.js'

/** Lets the partner ask for tokens of its own, and with `sub` for those that read a user's data. */
export function registerClientCredentials(
  provider: Provider,
  profiles: Profiles,
  scopes: ReadonlySet<string>,
  userScopes: Readonly<Record<string, unknown>>,
): void {
  provider.registerGrantType<{ scope?: string; sub?: string }>(
    'client_credentials',
    async (ctx) => {
      const { client, params } = ctx.oidc
      const asked = params.scope?.split(' ') ?? []
      const foreign = asked.find((scope) => !scopes.has(scope))
      if (asked.length === 0 || foreign !== undefined) {
        throw new errors.InvalidScope('the client may not have this scope', foreign ?? '')
      }
      if (params.sub === undefined && asked.some((scope) => scope in userScopes)) {
        throw new errors.InvalidRequest('the sub of a user is required for these scopes')
      }
      if (params.sub !== undefined && !profiles.find(params.sub)) {
        throw new errors.InvalidRequest('the sub is no user of this client')
      }
      // Unlike oidc-provider's own tokens of this grant, these may speak for a user.
      const token = new provider.AccessToken({
        client,
        accountId: params.sub,
        scope: asked.join(' '),
        gty: 'client_credentials',
      } as ConstructorParameters<typeof provider.AccessToken>[0])
      const access_token = await token.save()
      ctx.body = {
        access_token,
        expires_in: token.expiration,
        token_type: token.tokenType,
        scope: token.scope,
      }
    },
    ['scope', 'sub'],
  )
}

/**
 * Compares the `sub` of a code exchange with the user of the code. Without `sub` the exchange works only while the
 * browser is the one in which the authorization began, which is what `lost` denies.
 */
export function checkSubject(lost: () => boolean): Middleware {
  return async (ctx, next) => {
    const { grant_type, sub, code = '' } = (ctx.req as BankRequest).parameters
    if (ctx.path !== '/token' || grant_type !== 'authorization_code') return next()
    const found = await (ctx.app as unknown as Provider).AuthorizationCode.find(code)
    const wrong = sub === undefined ? lost() : found !== undefined && found.accountId !== sub
    if (!wrong) return next()
    ctx.status = 400
    ctx.set('cache-control', 'no-store')
    ctx.body = { error: 'invalid_grant', error_description: 'grant request is invalid' }
    return undefined
  }
}
