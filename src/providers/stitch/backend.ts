import * as oauth from 'oauth4webapi'
import type { BackendProvider, ProviderContext, ResourceRoute, Resources } from '../../backend/provider.js'
import { signAssertions } from '../kit/backend/client-assertion.js'
import { readRedirectUris, readUrl } from '../kit/backend/read-options.js'
import { importSigningKey, type PrivateKeyInput, type SigningAlgorithm } from '../kit/backend/signing-key.js'
import { buildAuthorizationUrl, parseEndpoint } from '../../protocol/authorization-request.js'
import { checkResponseIssuer } from '../../protocol/authorization-response.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import type { Json, JsonObject } from '../../protocol/contract.js'
import { cacheMetadata } from '../../protocol/metadata-cache.js'
import { discover, type ServerMetadata } from '../../protocol/metadata.js'
import { revoke } from '../../protocol/revocation.js'
import { parseScope } from '../../protocol/scope.js'
import {
  redeemCode,
  refreshTokens,
  type RefreshedTokens,
  type TokenEndpoint,
} from '../../protocol/token-endpoint.js'
import { endpoints, refreshTokenAbsoluteSeconds, refreshTokenSlidingSeconds } from './facts.js'
import { isQuery, isUnauthenticated, partsOf } from './graphql.js'
import { checkUnverifiedIdToken, type UnverifiedExpectation } from './unverified-id-token.js'

/** What the backend's {@link stitch} takes. */
export type StitchBackendOptions<M extends 'mediated' | 'bff' = 'mediated'> = CommonOptions<M> &
  ClientAuthentication &
  IdTokenCheck

interface CommonOptions<M> {
  /** The client id, such as `test-` and a UUID; as in the page. */
  readonly clientId: string
  /** The redirect URI registered at Stitch, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** Space-delimited; must hold `openid`. The most that a page may ask for. */
  readonly scope: string
  /** `mediated`: access tokens reach the page. `bff`: none does. As in the page. @defaultValue `mediated` */
  readonly mode?: M
  /** @defaultValue `https://secure.stitch.money/connect/authorize` */
  readonly authorizationEndpoint?: string
  /** @defaultValue `https://secure.stitch.money/connect/token` */
  readonly tokenEndpoint?: string
  /** Where refresh tokens are revoked. Stitch documents none. */
  readonly revocationEndpoint?: string
  /** Base URL of the API. @defaultValue `https://api.stitch.money/` */
  readonly api?: string
  /** Names of ID Token claims that the page learns as the connection's details, such as `idp`. @defaultValue none */
  readonly details?: readonly string[]
  /** Seconds that a refresh token lives after its last use, from the client's credentials file. @defaultValue 60 days */
  readonly refreshTokenSlidingSeconds?: number
  /** Seconds that a connection can be refreshed in all, from the client's credentials file. @defaultValue two years */
  readonly refreshTokenAbsoluteSeconds?: number
}

type ClientAuthentication =
  | {
      /** The private key of the client's certificate: `CryptoKey`, JWK, or PKCS #8 as PEM; RSA of 2048 bits or more. */
      readonly privateKey: PrivateKeyInput
      /** The `kid` of the client assertion: the certificate's localKeyID. */
      readonly keyId: string
      /** @defaultValue `RS256` */
      readonly algorithm?: SigningAlgorithm
      /** The `aud` of the client assertion. @defaultValue the token endpoint, as Stitch's guide has it */
      readonly assertionAudience?: string
      /** The `typ` of the client assertion. @defaultValue `JWT` */
      readonly assertionType?: 'JWT' | 'client-authentication+jwt'
      readonly clientSecret?: undefined
    }
  | {
      /** The client's secret, which newer clients have instead of a key. */
      readonly clientSecret: string
      readonly privateKey?: undefined
    }

type IdTokenCheck =
  | {
      /** The issuer in Stitch's ID Tokens: signature and claims are checked against it. Ask Stitch; it is not documented. */
      readonly issuer: string
      /** Where the issuer's keys are. @defaultValue from the issuer's discovery document */
      readonly jwksUri?: string
      readonly idToken?: 'required'
    }
  | {
      /**
       * Where the issuer is not known. `unverified`: all of the ID Token is checked but its issuer and signature; that it is
       * Stitch's follows from TLS. `unchecked`: it is not read at all, neither its nonce nor who it is about.
       */
      readonly idToken: 'unverified' | 'unchecked'
      readonly issuer?: undefined
    }

/**
 * Stitch SSO at the backend: a confidential client that authenticates with an assertion (`private_key_jwt`) made and
 * used inside its own token requests, or with a secret.
 *
 * Access tokens are refreshed only when they are about to end, because every refresh opens a session at the person's
 * bank. Refresh tokens are single use.
 *
 * @throws {TypeError} when an option is missing or wrong. A key that cannot be used rejects the backend's `ready`.
 * @example
 * ```ts
 * import { stitch } from 'countersign/backend'
 *
 * declare const privateKey: CryptoKey
 *
 * const provider = stitch({
 *   clientId: 'test-18fbd892',
 *   redirectUri: 'https://app.example/callback/stitch',
 *   scope: 'openid accounts balances offline_access',
 *   privateKey,
 *   keyId: '4f2b',
 *   idToken: 'unverified',
 * })
 * ```
 * @see https://stitch.money/docs/stitch-sso
 */
export function stitch<const M extends 'mediated' | 'bff' = 'mediated'>(
  options: StitchBackendOptions<M>,
): BackendProvider & { readonly mode: M } {
  const settings = readOptions(options)
  const authentication = authenticate(options, settings.tokenEndpoint)
  authentication.catch(() => undefined)
  const endpointFor = createEndpoint(options, settings, authentication)

  const toGrant = <Tokens extends RefreshedTokens>(tokens: Tokens, createdAt: number, now: number) => ({
    tokens,
    sub: tokens.claims?.sub,
    details: pickDetails(tokens.claims, options.details ?? []),
    ...(tokens.refreshToken !== undefined && {
      renewBy: Math.min(now + settings.slidingSeconds, createdAt + settings.absoluteSeconds),
    }),
  })

  async function withClaims<Tokens extends RefreshedTokens>(
    tokens: Tokens,
    expected: Omit<UnverifiedExpectation, 'clientId' | 'accessToken'>,
  ): Promise<Tokens> {
    if (options.idToken !== 'unverified' || tokens.accessToken === undefined) return tokens
    // A refresh may leave the ID Token out: OpenID Connect Core §12.2.
    if (tokens.idToken === undefined && !expected.fresh) return tokens
    const { clientId } = options
    const expectation = { ...expected, clientId, accessToken: tokens.accessToken }
    return { ...tokens, claims: await checkUnverifiedIdToken(tokens.idToken, expectation) }
  }

  return {
    label: 'Stitch',
    mode: settings.mode as M,
    redirectUris: settings.redirectUris,
    scope: options.scope,
    ready: authentication,

    authorize(setup) {
      const request = buildCodeRequest({ ...setup, clientId: options.clientId })
      return Promise.resolve({ url: buildAuthorizationUrl(settings.authorizationEndpoint, request) })
    },

    async redeem({ code, codeVerifier, state, iss, nonce, redirectUri }, context) {
      const endpoint = await endpointFor(context)
      if (options.issuer !== undefined) checkResponseIssuer(iss, options.issuer, false)
      const grant = { code, codeVerifier, state, redirectUri, nonce, iss: options.issuer && iss }
      const tokens = await redeemCode(endpoint, grant)
      const now = context.now()
      return toGrant(await withClaims(tokens, { state, nonce, now, fresh: true }), now, now)
    },

    async refresh({ refreshToken = '', sub, createdAt }, context) {
      const tokens = await refreshTokens(await endpointFor(context), refreshToken, sub)
      const now = context.now()
      return toGrant(await withClaims(tokens, { subject: sub, now, fresh: false }), createdAt, now)
    },

    async revoke({ refreshToken, accessToken }, context) {
      return revoke(await endpointFor(context), [
        [refreshToken, 'refresh_token'],
        [accessToken, 'access_token'],
      ])
    },

    resources: {
      base: settings.api,
      routes: [graphql],
      inspect: (body) => inspectGraphql(body, new URL(settings.authorizationEndpoint).origin),
    },
  }
}

interface Settings {
  readonly mode: 'mediated' | 'bff'
  readonly redirectUris: readonly string[]
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly api: string
  readonly slidingSeconds: number
  readonly absoluteSeconds: number
}

/** Claims that say who the person is, or belong to the protocol: not for the page. */
const withheldClaims = /^(?:sub|sid|nonce|jti|at_hash|s_hash|c_hash)$/

function readOptions(options: StitchBackendOptions<'mediated' | 'bff'>): Settings {
  const { authorizationEndpoint = endpoints.authorization, tokenEndpoint = endpoints.token } = options
  const { api = endpoints.api, redirectUri, mode = 'mediated', revocationEndpoint } = options
  if (!options.clientId) throw new TypeError('stitch needs the `clientId` that the client has at Stitch.')
  if (!parseScope(options.scope).includes('openid'))
    throw new TypeError('The scope for Stitch must hold "openid": add it.')
  const withoutIssuer: readonly unknown[] = ['unverified', 'unchecked']
  if (options.issuer === undefined && !withoutIssuer.includes(options.idToken)) {
    throw new TypeError(
      "stitch needs the `issuer` of Stitch's ID Tokens, to check them; if you do not know it, say so with `idToken: 'unverified'`, which checks the rest of them, or `idToken: 'unchecked'`.",
    )
  }
  if (options.privateKey === undefined ? !options.clientSecret : !options.keyId)
    throw new TypeError(
      'stitch needs `privateKey` with its `keyId`, or `clientSecret`, to authenticate the client.',
    )
  if (options.details?.some((name) => withheldClaims.test(name)))
    throw new TypeError('`details` names a claim that identifies the person or the session: leave it out.')
  const { issuer, jwksUri } = options as { issuer?: string; jwksUri?: string }
  const urls = { authorizationEndpoint, tokenEndpoint, api, issuer, jwksUri, revocationEndpoint }
  for (const [name, url] of Object.entries(urls)) {
    if (url !== undefined) readUrl(name, url)
  }
  return {
    mode,
    redirectUris: readRedirectUris(redirectUri),
    authorizationEndpoint,
    tokenEndpoint,
    api,
    slidingSeconds: options.refreshTokenSlidingSeconds ?? refreshTokenSlidingSeconds,
    absoluteSeconds: options.refreshTokenAbsoluteSeconds ?? refreshTokenAbsoluteSeconds,
  }
}

/** The client authentication: an assertion for one request, or the secret. */
async function authenticate(
  options: StitchBackendOptions<'mediated' | 'bff'>,
  tokenEndpoint: string,
): Promise<oauth.ClientAuth> {
  if (options.privateKey === undefined) {
    return oauth.ClientSecretPost(options.clientSecret)
  }
  const { privateKey, keyId, algorithm, assertionAudience = tokenEndpoint, assertionType = 'JWT' } = options
  const key = await importSigningKey(privateKey, algorithm)
  return signAssertions(key, { keyId, audience: assertionAudience, type: assertionType })
}

/** Makes what a token request needs; the metadata, and with it the cached keys, is one object for an hour. */
function createEndpoint(
  options: StitchBackendOptions<'mediated' | 'bff'>,
  settings: Settings,
  authentication: Promise<oauth.ClientAuth>,
): (context: ProviderContext) => Promise<TokenEndpoint> {
  const metadata = cacheMetadata(({ fetch }) => loadMetadata(options, settings, fetch))
  return async (context) => ({
    server: await metadata(context),
    clientId: options.clientId,
    authentication: await authentication,
    fetch: context.fetch,
    now: context.now,
    idToken: options.issuer === undefined ? 'unchecked' : 'required',
  })
}

async function loadMetadata(
  options: StitchBackendOptions<'mediated' | 'bff'>,
  { authorizationEndpoint, tokenEndpoint }: Settings,
  fetch: ProviderContext['fetch'],
): Promise<ServerMetadata> {
  const configured = {
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    ...(options.revocationEndpoint !== undefined && { revocation_endpoint: options.revocationEndpoint }),
  }
  if (options.issuer === undefined) return { issuer: new URL(tokenEndpoint).origin, ...configured }
  if (options.jwksUri !== undefined)
    return { issuer: options.issuer, jwks_uri: parseEndpoint(options.jwksUri, 'jwksUri').href, ...configured }
  const { issuer, jwks_uri } = await discover(fetch, options.issuer, [new URL(tokenEndpoint).origin])
  return { issuer, ...(jwks_uri !== undefined && { jwks_uri }), ...configured }
}

function pickDetails(claims: oauth.IDToken | undefined, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name): [string, Json][] => {
      const value = claims && Object.hasOwn(claims, name) ? claims[name] : undefined
      return value === undefined ? [] : [[name, value as Json]]
    }),
  )
}

const graphql: ResourceRoute = { method: 'POST', path: '/graphql', isRepeatable: isQuery }

/**
 * Beside a token that is no longer good, Stitch says with status 200 that the person must come back to the bank. That is the
 * app's business and not the token's: it is relayed, if its URL leads to Stitch and nowhere else.
 */
function inspectGraphql(body: unknown, origin: string): ReturnType<NonNullable<Resources['inspect']>> {
  for (const { extensions } of partsOf(body)) {
    const url = extensions?.userInteractionUrl
    if (url === undefined) continue
    if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).origin !== origin) return 'unacceptable'
  }
  return isUnauthenticated(body) ? 'token_rejected' : undefined
}
