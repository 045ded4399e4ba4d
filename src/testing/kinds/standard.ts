import { defineBackendProvider, oauthClient, type JsonObject } from '../../backend/index.js'
import { sampleAccounts } from '../data/accounts.js'
import { scopeTexts } from '../quirks/scopes.js'
import { notFound, ok, unauthorized } from '../servers/api.js'
import type { Dialect, Endpoints } from '../servers/dialect.js'
import type { Kind, ProviderSetup } from './kind.js'
import { anyRoute, withSlash } from './routes.js'

/** Any standard authorization server: `oidc`, and providers of the app's own. */
export const standard: Kind = (setup) => {
  const { provider } = setup
  /** Claims that the backend gives to the page as details; an approval adds to them. */
  const details: string[] = []
  const dialect = toDialect(setup, details)
  if (provider.channel.mode === 'browser')
    return { dialect, authentication: { method: 'none' }, backend: undefined }
  const secret = setup.random.text()
  const forms: Record<string, () => boolean> = {}
  return {
    dialect,
    authentication: { method: 'client_secret', secret },
    backend: toBackend(setup, dialect, { secret, details, forms }),
    admit(input) {
      for (const name of Object.keys(input ?? {})) forms[name] = () => true
      return input
    },
  }
}

function toDialect({ provider }: ProviderSetup, details: string[]): Dialect {
  const { issuer = new URL(provider.authorizationEndpoint ?? '').origin, cancelsWithoutCode } = provider
  const endpoints = toEndpoints(provider, issuer)
  const api = withSlash(provider.api ?? `${issuer.replace(/\/$/, '')}/api`)
  return {
    issuer,
    endpoints,
    metadata: {},
    apis: [api],
    accessTokenSeconds: 3600,
    scopeTexts: scopeTexts.standard,
    detailsAreClaims: true,
    connect({ approval }) {
      details.push(...Object.keys(approval.details ?? {}))
    },
    toResponse: (parameters, ending) =>
      ending === 'cancel' && cancelsWithoutCode ? { state: parameters['state'] } : parameters,
    answer({ method, url }, access) {
      if (!access) return unauthorized
      return method === 'GET' && url.pathname === `${new URL(api).pathname}accounts`
        ? ok({ accounts: access.grant?.approval.accounts ?? sampleAccounts.standard })
        : notFound
    },
  }
}

function toEndpoints(provider: ProviderSetup['provider'], issuer: string): Endpoints {
  const base = issuer.replace(/\/$/, '')
  const configured = (provider.channel.settings?.metadata ?? {}) as Readonly<Partial<Record<string, string>>>
  const at = (member: string, path: string): string => configured[member] ?? base + path
  return {
    authorization: provider.authorizationEndpoint ?? at('authorization_endpoint', '/authorize'),
    token: at('token_endpoint', '/token'),
    jwks: at('jwks_uri', '/jwks'),
    par: at('pushed_authorization_request_endpoint', '/par'),
    revocation: at('revocation_endpoint', '/revoke'),
    userinfo: provider.userinfoEndpoint ?? at('userinfo_endpoint', '/userinfo'),
  }
}

function toBackend(
  { provider, redirectUri }: ProviderSetup,
  { issuer, endpoints, apis: [base = ''] }: Dialect,
  {
    secret: clientSecret,
    details,
    forms: input,
  }: { secret: string; details: readonly string[]; forms: Readonly<Record<string, () => boolean>> },
) {
  const { label, clientId, scope, channel, toDetails } = provider
  const origins = [endpoints.authorization, endpoints.userinfo ?? issuer].map((url) => new URL(url).origin)
  // Protocol claims are never details, whatever the page would pick.
  const withheld = /^(?:iss|aud|exp|iat|auth_time|nonce|at_hash|s_hash)$/
  return defineBackendProvider({
    label,
    mode: channel.mode === 'bff' ? 'bff' : 'mediated',
    redirectUri,
    scope,
    client: oauthClient({ issuer, clientId, clientSecret, origins }),
    input,
    ...(channel.mode === 'bff' && { resources: { base, routes: anyRoute } }),
    toGrant(tokens) {
      const picked = Object.entries(tokens.claims ?? {}).filter(
        ([name]) => !withheld.test(name) && (toDetails !== undefined || details.includes(name)),
      )
      return { tokens, sub: tokens.claims?.sub, details: Object.fromEntries(picked) as JsonObject }
    },
  })
}
