import { decodeJwt } from 'jose'
import type { Foundation } from './bank.js'
import {
  locationOf,
  routeOf,
  type Context,
  type Middleware,
  type OidcBehaviour,
  type OidcHooks,
  type OidcSetup,
  type TokenResponse,
} from './oidc-setup.js'
import { applyChanges, type SigningKeys } from './signing-keys.js'

/** Gives the answers of oidc-provider this bank's own shape, and then the one the control asks for. */
export function rewriteAnswers<B extends OidcBehaviour>(
  setup: OidcSetup<B>,
  hooks: OidcHooks,
  keys: SigningKeys,
  { control }: Foundation<B>,
): Middleware {
  const routes: Readonly<Record<string, (ctx: Context) => Promise<void> | void>> = {
    authorization: rewriteRedirect,
    discovery: (ctx) => {
      ctx.body = hooks.discovery?.(ctx.body as Record<string, unknown>) ?? ctx.body
    },
    jwks: (ctx) => {
      ctx.body = keys.jwks()
    },
    resume: (ctx) => {
      rewriteRedirect(ctx)
      // The next authorization asks who it is again, so that grace can follow ada.
      ctx.cookies.set(`${setup.id}_session`, null, { overwrite: true })
    },
    token: rewriteToken,
  }
  return async (ctx, next) => {
    await next()
    await routes[routeOf(ctx) ?? '']?.(ctx)
  }

  function rewriteRedirect(ctx: Context): void {
    const url = locationOf(ctx)
    const redirectUri = setup.client.redirect_uris?.find((uri) => url?.href.startsWith(uri))
    if (!url || redirectUri === undefined) return
    const fixed = new URL(redirectUri).searchParams
    const given = new URLSearchParams([...url.searchParams].filter(([name]) => !fixed.has(name)))
    const answer = Object.fromEntries(hooks.redirect?.(given, ctx) ?? given)
    const changed = applyChanges(answer, control.take('redirect') ?? {})
    url.search = new URLSearchParams([...fixed, ...Object.entries(changed)]).toString()
    ctx.redirect(url.href)
  }

  async function rewriteToken(ctx: Context): Promise<void> {
    if (ctx.status !== 200) return
    const issued = await withIdToken(ctx.body as TokenResponse, ctx)
    const response = hooks.tokenResponse?.(issued, ctx) ?? issued
    const refreshes = ctx.oidc.params?.['grant_type'] === 'refresh_token'
    ctx.body = applyChanges(response, control.take(refreshes ? 'refreshResponse' : 'tokenResponse') ?? {})
  }

  /** ID Tokens are signed here and not by oidc-provider, so that claims, keys and signatures can be of any kind. */
  async function withIdToken(response: TokenResponse, ctx: Context): Promise<TokenResponse> {
    const { id_token } = response
    if (typeof id_token !== 'string') return response
    const issued = decodeJwt(id_token)
    const claims = hooks.idToken?.(issued, response, ctx) ?? issued
    return { ...response, id_token: await keys.sign(claims, control.take('idToken')) }
  }
}
