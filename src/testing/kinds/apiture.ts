import { apiture as apitureBackend } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { toApitureTokenType } from '../quirks/apiture.js'
import { scopeTexts } from '../quirks/scopes.js'
import { insufficientScope, notFound, ok, unauthorized } from '../servers/api.js'
import type { Kind } from './kind.js'
import { anyRoute, withSlash } from './routes.js'

/** Apiture: an issuer with a slash at its end, a public client, `token_type` with a colon, no way back for who cancels. */
export const apiture: Kind = ({ provider, redirectUri }) => {
  const { clientId, scope, channel } = provider
  const issuer = provider.issuer ?? ''
  const at = (path: string): string => withSlash(issuer) + path
  const api = withSlash(provider.api ?? new URL('/banking', issuer).href)
  return {
    dialect: {
      issuer,
      endpoints: {
        authorization: provider.authorizationEndpoint ?? at('authorize'),
        token: at('token'),
        jwks: at('jwks'),
        revocation: at('revoke'),
        userinfo: at('userinfo'),
      },
      metadata: {},
      apis: [api],
      accessTokenSeconds: 3600,
      scopeTexts: scopeTexts.apiture,
      detailsAreClaims: true,
      keepsCancelled: true,
      refusesOnPage: true,
      requires: ['redirect_uri', 'code_verifier'],
      toTokenResponse: (body) => ({ ...body, token_type: toApitureTokenType(body['token_type']) }),
      answer({ method, url }, access) {
        if (!access) return unauthorized
        if (!access.scope.includes('banking/read')) return insufficientScope
        return method === 'GET' && url.pathname.endsWith('/accounts')
          ? ok({ items: access.grant?.approval.accounts ?? sampleAccounts.apiture })
          : notFound
      },
    },
    authentication: { method: 'none' },
    backend:
      channel.mode === 'browser'
        ? undefined
        : apitureBackend({
            clientId,
            redirectUri,
            issuer,
            scope,
            mode: channel.mode,
            ...(channel.mode === 'bff' && { api, routes: anyRoute }),
          }),
  }
}
