import { randomBytes } from 'node:crypto'
import type { ClientMetadata, Configuration } from 'oidc-provider'
import { accessFrom, serveApi, type Access, type ApiAnswer } from './api.js'
import type { Bank, Endpoint } from './bank.js'
import type { Fields, ReadableControl } from './control.js'
import { oidcFields, type OidcAction, type OidcBehaviour } from './oidc-setup.js'
import { startOidcBank } from './oidc.js'
import { scopeTexts } from '../../src/testing/quirks/scopes.js'
import { answerAccounts, answerTransactions } from './standard-accounts.js'
import { juniper as theme } from './themes.js'

/** What this bank can be told to do. */
export interface StandardBehaviour extends OidcBehaviour {
  readonly dpopNonce?: boolean
  readonly rotate?: boolean
}

const fields: Fields<StandardBehaviour> = {
  ...oidcFields,
  dpopNonce: 'true demands a nonce of the server in DPoP proofs, at every endpoint and at the API',
  rotate: 'false keeps a refresh token alive when it is used',
}

/** Options of {@link startStandard}. */
export interface StandardOptions {
  readonly redirectUris: readonly string[]
  readonly clientId?: string
  /** Makes the client a confidential one, by `client_secret_basic`. @defaultValue none: a public client */
  readonly clientSecret?: string
  /** How the consent page names the app. */
  readonly clientName?: string
  readonly port?: number
  /** Tokens are bound to the client's DPoP key (RFC 9449). @defaultValue true */
  readonly dpop?: boolean
  /** Whether the client gets bound tokens alone. @defaultValue where DPoP is offered */
  readonly demandsDpop?: boolean
  /** The client must push its authorization requests (RFC 9126). @defaultValue true */
  readonly par?: boolean
  /** How ID Tokens are signed. @defaultValue 'ES256' */
  readonly signingAlgorithm?: 'RS256' | 'ES256'
}

const scopes = scopeTexts.standard

const endpoints: Readonly<Record<string, Endpoint>> = {
  '/par': 'par',
  '/token': 'token',
  '/revoke': 'revocation',
  '/.well-known/openid-configuration': 'discovery',
  '/jwks': 'jwks',
  '/accounts': 'api',
  '/transactions': 'api',
}

/**
 * Opens a bank with nothing of its own: OpenID Connect with discovery, and for a public client what the standards offer
 * it: pushed requests, tokens bound by DPoP, and `iss` in every response.
 */
export function startStandard(options: StandardOptions): Promise<Bank<StandardBehaviour, OidcAction>> {
  const client = toClient(options)
  const origins = options.redirectUris.map((uri) => new URL(uri).origin)
  return startOidcBank<StandardBehaviour>({
    id: 'standard',
    theme,
    clientId: client.client_id,
    client,
    scopes,
    fields,
    port: options.port,
    portOption: 'ports.openid',
    signingAlgorithm: options.signingAlgorithm ?? 'ES256',
    endpoint: (path) => endpoints[path],
    readers: () => origins,
    hooks: ({ control }) => ({
      configuration: configure(control, options),
      routes: (provider) => {
        const serve = (answer: (access: Access) => ApiAnswer) =>
          serveApi({
            method: 'GET',
            origins,
            findAccess: accessFrom(provider),
            demandsNonce: () => control.peek('dpopNonce') ?? false,
            answer,
          })
        return { '/accounts': serve(answerAccounts), '/transactions': serve(answerTransactions) }
      },
    }),
  })
}

function configure(
  control: ReadableControl<StandardBehaviour>,
  { dpop = true, par = true }: StandardOptions,
): Configuration {
  return {
    routes: {
      authorization: '/authorize',
      jwks: '/jwks',
      pushed_authorization_request: '/par',
      revocation: '/revoke',
      token: '/token',
    },
    clientAuthMethods: ['none', 'client_secret_basic'],
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    rotateRefreshToken: () => control.take('rotate') ?? true,
    features: {
      dPoP: {
        enabled: dpop,
        nonceSecret: randomBytes(32),
        requireNonce: () => control.peek('dpopNonce') ?? false,
      },
      pushedAuthorizationRequests: { enabled: par, requirePushedAuthorizationRequests: par },
      revocation: { enabled: true },
      userinfo: { enabled: false },
    },
  }
}

function toClient(options: StandardOptions) {
  const { clientId, clientSecret, clientName, redirectUris, dpop = true, signingAlgorithm } = options
  const { demandsDpop = dpop } = options
  return {
    client_id: clientId ?? 'countersign-demo',
    client_name: clientName ?? 'Countersign demo',
    redirect_uris: redirectUris,
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...(clientSecret === undefined
      ? { token_endpoint_auth_method: 'none' as const }
      : { token_endpoint_auth_method: 'client_secret_basic' as const, client_secret: clientSecret }),
    id_token_signed_response_alg: signingAlgorithm ?? 'ES256',
    dpop_bound_access_tokens: demandsDpop,
  } satisfies ClientMetadata
}
