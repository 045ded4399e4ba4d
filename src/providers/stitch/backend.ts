import * as oauth from 'oauth4webapi'
import type { BackendProvider, ProviderContext } from '../../backend/provider.js'
import { buildAuthorizationUrl, parseEndpoint } from '../../protocol/authorization-request.js'
import { buildCodeRequest } from '../../protocol/code-request.js'
import { toFirstIdToken } from '../../protocol/id-token.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import { discover, type ServerMetadata } from '../../protocol/metadata.js'
import type { RefreshedTokens } from '../../protocol/refresh-tokens.js'
import { importSigner, signAssertions } from '../kit/backend/client-assertion.js'
import { refuseKeyOptions, refuseSecondAuthentication } from '../kit/backend/client-authentication.js'
import { createOAuthClient } from '../kit/backend/oauth-client.js'
import { checkOpenidScope, readUrl } from '../kit/backend/read-options.js'
import { signingAlgorithms, type PrivateKeyInput, type SigningAlgorithm } from '../kit/backend/signing-key.js'
import { defineBackendProvider } from '../kit/backend/define-backend-provider.js'
import {
  endpoints,
  tokenEndpoint as endpoint,
  refreshTokenAbsoluteSeconds,
  refreshTokenSlidingSeconds,
} from './facts.js'
import { createGraphqlResources } from './graphql-resources.js'
import { checkUnverifiedIdToken, type UnverifiedExpectation } from './unverified-id-token.js'
import { checkOptions, type OptionForms } from '../../protocol/options.js'

/** Options of the backend's {@link stitch}. */
export type StitchBackendOptions<M extends 'mediated' | 'bff' = 'mediated'> = CommonOptions<M> &
  StitchClientAuthentication &
  StitchIdTokenCheck

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
  /** Revocation endpoint. Stitch documents none. */
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

/** Client authentication at Stitch's token endpoint. */
export type StitchClientAuthentication =
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

/** Check of Stitch's ID Tokens. */
export type StitchIdTokenCheck =
  | {
      /** The issuer in Stitch's ID Tokens: signature and claims are checked against it. Ask Stitch; it is not documented. */
      readonly issuer: string
      /** URL of the issuer's keys. @defaultValue from the issuer's discovery document */
      readonly jwksUri?: string
      readonly idToken?: 'required'
    }
  | {
      /**
       * Check of ID Tokens whose issuer is not known. `unverified`: of everything but issuer and signature; TLS alone says that
       * the ID Token is Stitch's. `unchecked`: the ID Token is not read at all, neither its nonce nor its subject.
       */
      readonly idToken: 'unverified' | 'unchecked'
      readonly issuer?: undefined
    }

const forms = {
  clientId: 'string!',
  redirectUri: 'stringOrStrings!',
  scope: 'string!',
  mode: ['mediated', 'bff'],
  authorizationEndpoint: 'url',
  tokenEndpoint: 'url',
  revocationEndpoint: 'url',
  api: 'url',
  details: 'strings',
  refreshTokenSlidingSeconds: 'number',
  refreshTokenAbsoluteSeconds: 'number',
  privateKey: 'any',
  keyId: 'any',
  algorithm: signingAlgorithms,
  assertionAudience: 'string',
  assertionType: ['JWT', 'client-authentication+jwt'],
  clientSecret: 'any',
  issuer: 'issuer',
  jwksUri: 'url',
  idToken: ['required', 'unverified', 'unchecked'],
} satisfies OptionForms<AnyOptions>

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
  checkOptions('stitch', options, forms)
  const { clientId, scope, redirectUri, mode = 'mediated' as M, api = endpoints.api } = options
  const { authorizationEndpoint, tokenEndpoint } = readOptions(options)
  const client = createOAuthClient({
    // Its connections are bound to the token endpoint: to learn the issuer later must end none of them.
    ...{ clientId, issuer: tokenEndpoint, formerIssuer: options.issuer },
    metadata: ({ fetch }) => loadMetadata(options, authorizationEndpoint, tokenEndpoint, fetch),
    authentication: authenticate(options, tokenEndpoint),
    quirks: { idToken: options.issuer === undefined ? 'unchecked' : 'required' },
  })

  return defineBackendProvider({
    label: 'Stitch',
    mode,
    redirectUri,
    scope,
    client,
    resources: createGraphqlResources(api, authorizationEndpoint),

    authorize: (setup) =>
      Promise.resolve({
        url: buildAuthorizationUrl(authorizationEndpoint, buildCodeRequest({ ...setup, clientId })),
      }),

    async toGrant(tokens, { state, nonce }, context) {
      const now = context.now()
      return toGrant(options, await withClaims(options, tokens, { state, nonce, now, fresh: true }), now, now)
    },

    async toRefreshedGrant(tokens, { sub: subject, firstIdToken: first, createdAt }, context) {
      const now = context.now()
      const checked = await withClaims(options, tokens, { subject, first, now, fresh: false })
      return toGrant(options, checked, createdAt, now)
    },
  })
}

type AnyOptions = StitchBackendOptions<'mediated' | 'bff'>

/** Claims that say who the person is, or belong to the protocol: not for the page. */
const withheldClaims = /^(?:sub|sid|nonce|jti|at_hash|s_hash|c_hash)$/

/** Checks the options, and gives their endpoints. @throws {TypeError} naming what is missing or wrong. */
function readOptions(options: AnyOptions): {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
} {
  const { authorizationEndpoint = endpoints.authorization, tokenEndpoint = endpoint } = options
  checkOpenidScope('Stitch', options.scope)
  const withoutIssuer: readonly unknown[] = ['unverified', 'unchecked']
  if (options.issuer === undefined && !withoutIssuer.includes(options.idToken)) {
    throw new TypeError(
      "stitch needs the `issuer` of Stitch's ID Tokens, to check them; if you do not know it, say so with `idToken: 'unverified'`, which checks the rest of them, or `idToken: 'unchecked'`.",
    )
  }
  if (options.issuer !== undefined && withoutIssuer.includes(options.idToken))
    throw new TypeError(
      `stitch: \`idToken: '${options.idToken ?? ''}'\` is for an issuer that is not known: leave it out, or leave \`issuer\` out.`,
    )
  const { jwksUri } = options as { jwksUri?: string }
  if (options.issuer === undefined && jwksUri !== undefined)
    throw new TypeError(
      'stitch: without `issuer` no signature is checked, and `jwksUri` has no effect: give `issuer`, or leave `jwksUri` out.',
    )
  if (options.idToken === 'unchecked' && options.details !== undefined)
    throw new TypeError(
      "stitch: with `idToken: 'unchecked'` no ID Token is read, and `details` has no effect: leave it out.",
    )
  if (options.privateKey === undefined ? !options.clientSecret : !options.keyId)
    throw new TypeError(
      'stitch needs `privateKey` with its `keyId`, or `clientSecret`, to authenticate the client.',
    )
  refuseSecondAuthentication('stitch', options)
  refuseKeyOptions('stitch', options)
  if (options.details?.some((name) => withheldClaims.test(name)))
    throw new TypeError('`details` names a claim that identifies the person or the session: leave it out.')
  const { api = endpoints.api, issuer, revocationEndpoint } = options
  const urls = { authorizationEndpoint, tokenEndpoint, api, issuer, jwksUri, revocationEndpoint }
  for (const [name, url] of Object.entries(urls)) {
    if (url !== undefined) readUrl(name, url)
  }
  return { authorizationEndpoint, tokenEndpoint }
}

async function authenticate(options: AnyOptions, tokenEndpoint: string): Promise<oauth.ClientAuth> {
  if (options.privateKey === undefined) return oauth.ClientSecretPost(options.clientSecret)
  const { assertionAudience: audience = tokenEndpoint, assertionType: type = 'JWT' } = options
  return signAssertions(await importSigner(options), { audience, type })
}

/** Stitch documents no discovery: endpoints are configured, and only the issuer's keys may have to be discovered. */
async function loadMetadata(
  options: AnyOptions,
  authorizationEndpoint: string,
  tokenEndpoint: string,
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
  const { issuer, jwks_uri } = await discover(fetch, options.issuer, {
    origins: [new URL(tokenEndpoint).origin],
    calls: ['jwks_uri'],
  })
  return { issuer, ...(jwks_uri !== undefined && { jwks_uri }), ...configured }
}

/** The tokens with the claims of an ID Token that is checked in all but its issuer and signature, where the app chose that. */
async function withClaims<Tokens extends RefreshedTokens>(
  { clientId, idToken }: AnyOptions,
  tokens: Tokens,
  expected: Omit<UnverifiedExpectation, 'clientId' | 'accessToken'>,
): Promise<Tokens> {
  if (idToken !== 'unverified' || tokens.accessToken === undefined) return tokens
  // A refresh may leave the ID Token out: OpenID Connect Core §12.2.
  if (tokens.idToken === undefined && !expected.fresh) return tokens
  const expectation = { ...expected, clientId, accessToken: tokens.accessToken }
  const claims = await checkUnverifiedIdToken(tokens.idToken, expectation)
  return { ...tokens, claims, ...(expected.fresh && { firstIdToken: await toFirstIdToken(claims) }) }
}

/** @param createdAt Time at which the connection was made: epoch seconds, as `now`. */
const toGrant = <Tokens extends RefreshedTokens>(
  options: AnyOptions,
  tokens: Tokens,
  createdAt: number,
  now: number,
) => ({
  tokens,
  sub: tokens.claims?.sub,
  details: pickClaims(tokens.claims, options.details),
  ...(tokens.refreshToken !== undefined && {
    renewBy: Math.min(
      now + (options.refreshTokenSlidingSeconds ?? refreshTokenSlidingSeconds),
      createdAt + (options.refreshTokenAbsoluteSeconds ?? refreshTokenAbsoluteSeconds),
    ),
  }),
})
