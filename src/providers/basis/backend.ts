import type { BackendProvider, ResourceRoute } from '../../backend/provider.js'
import { buildAuthorizationUrl, parseEndpoint } from '../../protocol/authorization-request.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import type { Json } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import type { RefreshedTokens } from '../../protocol/refresh-tokens.js'
import { createOAuthClient, type OAuthClientWithEndpoint } from '../kit/backend/oauth-client.js'
import { createClientCredentialsTokens } from '../kit/backend/client-credentials-tokens.js'
import { refuseInMediated } from '../kit/backend/read-options.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import { decodeSecret, rawBasic } from './credentials.js'
import {
  accessTokenSeconds,
  apis,
  authorizationEndpoints,
  profileScope,
  tokenEndpoints,
  transactionSeconds,
  isUuid,
  type BasisEnvironment,
} from './facts.js'
import { createInstitutions } from './institutions.js'
import { createInitTokenSigner } from './init-token.js'
import {
  profileClaims,
  toInitTokenClaims,
  type BasisClaims,
  type BasisProfileClaim,
} from './session-claims.js'
import { webhooks } from './webhooks.js'
import { checkOptions, type OptionForms } from '../../protocol/options.js'

export type { BasisClaims, BasisProfileClaim, BasisReconciliationClaim } from './session-claims.js'

/** Options of the backend's {@link basis}. */
export interface BasisBackendOptions<Required extends BasisProfileClaim = BasisProfileClaim> {
  /** The client id that Basis issued: a UUID. */
  readonly clientId: string
  /** The client secret as Basis issued it: base64. */
  readonly clientSecret: string
  /** The redirect URI as it is registered with Basis, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** Fills in what Basis publishes: Connect in `development`, token endpoint and API in `sandbox`. */
  readonly environment?: BasisEnvironment
  /** As in the page. @defaultValue Connect of the environment; must be given where that is not published */
  readonly authorizationEndpoint?: string
  /** @defaultValue that of the environment; must be given where that is not published */
  readonly tokenEndpoint?: string
  /** As in the page. @defaultValue `mediated` */
  readonly mode?: 'mediated' | 'bff'
  /** Base URL of the API, in `bff` mode and for the list of institutions. @defaultValue that of the environment, where published */
  readonly api?: string
  /** Requests that pages may make to the API, in `bff` mode. @defaultValue `GET /profiles/{profileId}`, for the connection's own profile */
  readonly routes?: readonly ResourceRoute[]
  /** Seconds for which an initialization token is good, at most 3600. @defaultValue 600 */
  readonly initTokenSeconds?: number
  /** The parameter that carries it. A later revision of Basis's page calls it `token`. @defaultValue `init_token` */
  readonly initTokenParam?: 'init_token' | 'token'
  /** The platforms that people may be sent to. @defaultValue all */
  readonly platformIds?: readonly string[]
  /** The claims of a profile without which nobody is sent to Basis, which does not say. @defaultValue all four */
  readonly requiredClaims?: readonly Required[]
  /** Bytes that the decoded secret must have at least. @defaultValue 64, which RFC 7518 §3.2 asks for */
  readonly minimumSecretBytes?: number
  /** Token type of a token response without `token_type`; the documentation does not list the member. @defaultValue a fault */
  readonly assumedTokenType?: 'bearer'
  /** Refresh tokens are replaced at use: then none is sent again whose response was lost. @defaultValue true */
  readonly rotatesRefreshTokens?: boolean
  /** Revocation endpoint (RFC 7009), if Basis has one. @defaultValue none, so nothing is revoked */
  readonly revocationEndpoint?: string
}

/** Longest lifetime that Basis allows an initialization token: seconds. */
const longestInitTokenSeconds = 3600

const forms = {
  clientId: 'string!',
  clientSecret: 'string!',
  redirectUri: 'stringOrStrings!',
  environment: ['development', 'sandbox'],
  authorizationEndpoint: 'any',
  tokenEndpoint: 'any',
  mode: ['mediated', 'bff'],
  api: 'any',
  routes: 'object',
  initTokenSeconds: 'any',
  initTokenParam: ['init_token', 'token'],
  platformIds: 'strings',
  requiredClaims: 'strings',
  minimumSecretBytes: 'number',
  assumedTokenType: ['bearer'],
  rotatesRefreshTokens: 'boolean',
  revocationEndpoint: 'any',
} satisfies OptionForms<BasisBackendOptions>

/**
 * Basis Connect, the backend's side: signs initialization tokens from the session's claims, redeems codes and refreshes
 * tokens with the client secret, keeps refresh tokens.
 *
 * @throws {TypeError} when an option is missing or wrong. No message holds the secret.
 * @example
 * ```ts
 * import { basis } from 'countersign/backend'
 *
 * declare const clientSecret: string
 *
 * const provider = basis({
 *   clientId: '06914d28-f034-4d52-b048-e11024957c11',
 *   clientSecret,
 *   redirectUri: 'https://app.example/callback/basis',
 *   environment: 'development',
 *   tokenEndpoint: 'https://api.sandbox.usebasis.co/oauth/token',
 * })
 * ```
 * @see https://docs.usebasis.co/docs/create-profiles-with-connect
 */
export function basis<const Required extends BasisProfileClaim = BasisProfileClaim>(
  options: BasisBackendOptions<Required>,
): BackendProvider<BasisClaims<Required>> {
  checkOptions('basis', options, forms)
  const { clientId, clientSecret, initTokenParam = 'init_token', mode = 'mediated' } = options
  const { environment = '' as BasisEnvironment } = options
  const { authorizationEndpoint = authorizationEndpoints[environment], api = apis[environment] } = options
  // In any mode the list of institutions comes from `api`.
  refuseInMediated('Basis', options, ['routes'])
  const required: readonly string[] = options.requiredClaims ?? profileClaims
  const connect = need('authorizationEndpoint', authorizationEndpoint)
  const client = createBasisClient(options)
  const platforms = options.platformIds && new Set(options.platformIds.map(checkPlatformId))
  const seconds = checkSeconds(options.initTokenSeconds ?? 600)
  const secret = decodeSecret(clientSecret, options.minimumSecretBytes ?? 64)
  const signer = createInitTokenSigner({ clientId, secret, seconds })
  const ownTokens = createClientCredentialsTokens(client.endpoint, accessTokenSeconds)

  return defineBackendProvider<BasisClaims<Required>>({
    label: 'Basis',
    mode,
    webhooks,
    ...(api !== undefined && {
      institutions: createInstitutions(need('api', api), ownTokens, (id) => offers(id, platforms)),
    }),
    redirectUri: options.redirectUri,
    scope: profileScope,
    transactionSeconds,
    input: { platform_id: (id) => isUuid(id) && offers(id, platforms) },
    client,
    ready: signer,
    refreshRepeatable: !(options.rotatesRefreshTokens ?? true),

    async authorize(setup, { now }) {
      const platformId = needPlatform(setup.input['platform_id'])
      const claims = { ...toInitTokenClaims(setup.session.claims, required), platform_id: platformId }
      const sign = await signer
      // Basis does not support code_challenge_method, and takes S256 for granted.
      const request = buildCodeRequest({ ...setup, clientId, nonce: undefined }, 'omitted')
      const url = buildAuthorizationUrl(connect, request, { [initTokenParam]: await sign(claims, now()) })
      return { url, expiresInSeconds: seconds }
    },

    toGrant(tokens) {
      const profileId = readProfileId(tokens) ?? refuseProfile('has no profile_id')
      // The connection is about a profile: it is not renewed for another one.
      return { tokens: withLifetime(tokens), sub: profileId, details: { profile_id: profileId } }
    },

    toRefreshedGrant(tokens, { sub }) {
      const profileId = readProfileId(tokens)
      if (profileId !== undefined && profileId !== sub) refuseProfile('is for another profile_id')
      return { tokens: withLifetime(tokens) }
    },

    ...(mode === 'bff' && {
      resources: {
        base: need('api', api),
        routes: options.routes ?? [profileRoute],
      },
    }),
  })
}

/** The connection's own profile, and no other, whatever its token would open. */
const profileRoute: ResourceRoute = {
  method: 'GET',
  path: '/profiles/{profileId}',
  bind: { profileId: ({ details }) => details['profile_id'] },
}

/** The client at Basis, which has no discovery, no issuer and no ID Tokens. @throws {TypeError} for endpoints that are not known. */
function createBasisClient(options: BasisBackendOptions): OAuthClientWithEndpoint {
  const { clientId, clientSecret, environment = '' as BasisEnvironment, revocationEndpoint } = options
  const tokenEndpoint = need('tokenEndpoint', options.tokenEndpoint ?? tokenEndpoints[environment])
  const server = {
    issuer: new URL(tokenEndpoint).origin,
    token_endpoint: tokenEndpoint,
    ...(revocationEndpoint !== undefined && {
      revocation_endpoint: need('revocationEndpoint', revocationEndpoint),
    }),
  }
  return createOAuthClient({
    ...{ clientId, issuer: tokenEndpoint },
    metadata: () => Promise.resolve(server),
    authentication: rawBasic(clientId, clientSecret),
    quirks: {
      idToken: 'unchecked',
      extraMembers: ['profile_id'],
      ...(options.assumedTokenType && { assumedTokenType: options.assumedTokenType }),
    },
  })
}

/** The URL of an option that has a default only in some environments. @throws {TypeError} naming the option. */
function need(name: string, value: string | undefined): string {
  try {
    return parseEndpoint(value, name).href
  } catch {
    throw new TypeError(
      `\`${name}\` is missing, because it is not published for this environment, or no https URL: give it.`,
    )
  }
}

/** @throws {TypeError} for a lifetime that Basis does not allow. */
function checkSeconds(seconds: number): number {
  if (Number.isInteger(seconds) && seconds >= 30 && seconds <= longestInitTokenSeconds) return seconds
  throw new TypeError(
    '`initTokenSeconds` is a whole number from 30 to 3600: Basis advises less than an hour.',
  )
}

/** The id in lower case. @throws {TypeError} for what is no UUID. */
function checkPlatformId(id: string): string {
  if (isUuid(id)) return id.toLowerCase()
  throw new TypeError('`platformIds` holds something that is no UUID: list ids from GET /institutions.')
}

const offers = (id: string, allowed: ReadonlySet<string> | undefined): boolean =>
  allowed?.has(id.toLowerCase()) ?? true

/** @throws {ValidationError} `input_invalid` when the page gave no platform id. */
function needPlatform(id: Json | undefined): string {
  if (typeof id === 'string') return id
  throw new ValidationError('input_invalid', 'platform_id', 'The platform_id is missing from the input.', {
    recovery: 'configure',
  })
}

const withLifetime = <Tokens extends RefreshedTokens>(tokens: Tokens): Tokens => ({
  ...tokens,
  expiresInSeconds: tokens.expiresInSeconds ?? accessTokenSeconds,
})

/** `profile_id` of a token response, where it has one. @throws {ValidationError} for a malformed one. */
function readProfileId({ extra }: RefreshedTokens): string | undefined {
  const value = extra?.['profile_id']
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' && /^[\w.~-]{1,128}$/.test(value)
    ? value
    : refuseProfile('has a malformed profile_id')
}

/** @throws {ValidationError} `token_response_invalid` always. */
function refuseProfile(why: string): never {
  throw new ValidationError(
    'token_response_invalid',
    'profile_id',
    `The token response ${why}. The tokens were not used; start again with authorize().`,
  )
}
