import type { Provider } from 'oidc-provider'
import type { BankRequest } from './http.js'
import type { Profiles } from './moneyhub-profiles.js'
import { objectToOwnToken } from '../../src/testing/quirks/moneyhub.js'
import { throwObjection } from './oidc-provider.js'
import type { Middleware } from './oidc-setup.js'

/** Lets the partner ask for tokens of its own, and with `sub` for those that read a user's data. */
export function registerClientCredentials(provider: Provider, profiles: Profiles): void {
  provider.registerGrantType<{ scope?: string; sub?: string }>(
    'client_credentials',
    async (ctx) => {
      const { client, params } = ctx.oidc
      const asked = params.scope?.split(' ') ?? []
      const hasUser = (id: string) => profiles.find(id) !== undefined
      throwObjection(objectToOwnToken(asked, params.sub, hasUser))
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
