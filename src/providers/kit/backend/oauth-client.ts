import type * as oauth from 'oauth4webapi'
import type {
  AuthorizationStart,
  BackendProvider,
  HeldConnection,
  Redemption,
  ServerIdentity,
} from '../../../backend/provider.js'
import {
  askedChecks,
  parametersOfChecks,
  refuseWithoutIdToken,
  type AskedChecks,
} from '../../../protocol/asked-checks.js'
import { ValidationError } from '../../../protocol/errors.js'
import { refuseReserved } from '../../../protocol/reserved-parameters.js'
import { buildAuthorizationUrl } from '../../../protocol/authorization-request.js'
import { cacheMetadata, type RequestContext } from '../../../protocol/metadata-cache.js'
import type { ServerMetadata } from '../../../protocol/metadata.js'
import { buildCodeRequest, offlinePrompt, type CodeRequest } from '../../../protocol/code-request.js'
import { checkOffers, pushes } from '../../../protocol/offers.js'
import { pushAuthorizationRequest } from '../../../protocol/pushed-authorization.js'
import { revoke } from '../../../protocol/revocation.js'
import type { Revocation } from '../../../protocol/revocation-result.js'
import { asKept, refreshTokens, type RefreshedTokens } from '../../../protocol/refresh-tokens.js'
import { checkCanVerify } from '../../../protocol/verify-id-token.js'
import { prefetchKeys } from '../../../protocol/signing-keys.js'
import {
  checkAnswer,
  sendCode,
  type CheckedTokens,
  type Grant,
  type TokenEndpoint,
} from '../../../protocol/token-endpoint.js'
import { sendWithProof } from '../../../protocol/send-with-proof.js'
import type { DpopContext, OpenDpop } from './dpop.js'
import { strictestChecks } from './strictest-checks.js'

/** Differences from a standard authorization server, each described at {@link TokenEndpoint}. */
export type Quirks = Partial<
  Pick<
    TokenEndpoint,
    'idToken' | 'idTokenAlgorithms' | 'bearerAliases' | 'assumedTokenType' | 'extraMembers' | 'mtls'
  >
>

/** Throws a {@link ValidationError} for an access token that must not be used. @param endpoint Where it was asked for. */
export type CheckAccessToken = (
  accessToken: string,
  endpoint: Pick<TokenEndpoint, 'dpop'>,
) => void | Promise<void>

/** One client at one authorization server. */
export interface OAuthClientOptions {
  readonly clientId: string
  /** The issuer identifier; where it is not known, the token endpoint. Connections belong to it. */
  readonly issuer: string
  /** The name by which an earlier version bound connections to the same server. @defaultValue none */
  readonly formerIssuer?: string | undefined
  /** Loads the server's metadata, from its discovery document or from options; called once an hour. */
  readonly metadata: (context: RequestContext) => Promise<ServerMetadata>
  readonly authentication: oauth.ClientAuth | Promise<oauth.ClientAuth>
  /** Pushes every authorization request. @defaultValue where the server's metadata demands it */
  readonly par?: boolean | undefined
  /** Further parameters of every authorization request. @defaultValue none */
  readonly parameters?: Readonly<Record<string, string>> | undefined
  /** Asks for consent with every request for `offline_access`, unless `parameters` has a `prompt`. @defaultValue false */
  readonly consentsToOfflineAccess?: boolean
  /** Binds tokens to this key (RFC 9449). @defaultValue bearer tokens, or tokens that are bound to a certificate */
  readonly dpop?: OpenDpop | undefined
  /** Throws a {@link ValidationError} for an access token that must not be used. @defaultValue every one may be */
  readonly checkAccessToken?: CheckAccessToken
  /** `idToken: 'unchecked'` says that the issuer is not known: then no `iss` of a response is compared either. */
  readonly quirks?: Quirks
}

/**
 * The requests of one client to one authorization server, for the methods of a `BackendProvider`. Each of them throws what its function in countersign throws, and
 * what loading the metadata throws.
 */
export interface OAuthClient {
  /** The authorization server and the client at it. */
  readonly server: ServerIdentity
  /** Fulfilled when the client can authenticate; rejected with the fault of its key. */
  readonly ready: Promise<unknown>
  /**
   * Turns a checked authorization request into a URL: pushed where that is set or demanded.
   *
   * @param parameters Parameters beside those of the code flow and the client's own.
   */
  readonly authorize: (
    setup: Omit<CodeRequest, 'clientId'> & { readonly asked?: AskedChecks | undefined },
    context: RequestContext,
    parameters?: Readonly<Record<string, string>>,
  ) => Promise<AuthorizationStart>
  /**
   * Pushes an authorization request, and gives the URL that refers to it.
   *
   * @param onUrl Parameters that the URL has beside `client_id` and `request_uri`. @defaultValue none
   */
  readonly push: (
    parameters: Readonly<Record<string, string>>,
    context: RequestContext,
    onUrl?: Readonly<Record<string, string>>,
  ) => Promise<AuthorizationStart>
  /** Redeems a code. @param expected Subject and age that the ID Token must have, and further parameters of the request. */
  readonly redeem: (
    redemption: Omit<Redemption, 'session'>,
    context: RequestContext,
    expected?: Pick<Grant, 'subject' | 'maxAgeSeconds' | 'parameters'>,
  ) => Promise<CheckedTokens>
  /** Uses the refresh token; an ID Token that comes with the response must name the connection's `sub`, and repeat its first one. */
  readonly refresh: (
    connection: Pick<HeldConnection, 'refreshToken' | 'sub' | 'firstIdToken'>,
    context: RequestContext,
  ) => Promise<RefreshedTokens>
  /** Revokes the tokens that are there, the refresh token first. */
  readonly revoke: (
    tokens: Partial<Pick<HeldConnection, 'refreshToken' | 'accessToken'>>,
    context: RequestContext,
  ) => Promise<Revocation>
  /** The type of its access tokens. */
  readonly tokenType?: BackendProvider['tokenType']
  /**
   * Sends requests to the API with a proof of the key to which tokens are bound; absent for tokens that need none. The handler does so
   * for pages' requests; a provider's own methods call it with the `context` they are given.
   */
  readonly presentToken?: BackendProvider['presentToken']
}

/** The client with its view of the server, for the presets. */
export interface OAuthClientWithEndpoint extends OAuthClient {
  readonly endpoint: (context: RequestContext) => Promise<TokenEndpoint>
}

/** Makes the requests of a client from its id, its authentication and the server's metadata. */
export function createOAuthClient(options: OAuthClientOptions): OAuthClientWithEndpoint {
  const { clientId, issuer, formerIssuer, quirks, dpop } = options
  const knowsIssuer = quirks?.idToken !== 'unchecked'
  // The server's signing keys are kept by the same object, for as long.
  const metadata = cacheMetadata(options.metadata)
  const authentication = Promise.resolve(options.authentication)
  // `ready` reports it; nobody else may be waiting yet.
  authentication.catch(() => undefined)

  const endpoint = async (context: DpopContext): Promise<TokenEndpoint> => ({
    server: await metadata(context),
    clientId,
    authentication: await authentication,
    fetch: context.fetch,
    now: context.now,
    idToken: 'required',
    ...(dpop && { dpop: await dpop(context) }),
    ...quirks,
  })

  const push = pushThrough(clientId, endpoint)

  return {
    ...{ server: { issuer, clientId, formerIssuer }, ready: authentication, endpoint },
    push,
    tokenType: dpop ? 'dpop' : 'bearer',
    ...(dpop && { presentToken: presentBy(dpop) }),
    authorize: authorizeThrough(options, endpoint, push),

    async redeem(redemption, context, expected) {
      const { code, codeVerifier, state, nonce, redirectUri } = redemption
      const iss = knowsIssuer ? redemption.iss : undefined
      const asked = strictestChecks(askedChecks(options.parameters), redemption.asked)
      const checks = strictestChecks(asked, { maxAgeSeconds: expected?.maxAgeSeconds })
      const grant = { code, codeVerifier, state, iss, nonce, redirectUri, ...expected, ...checks }
      const at = await endpoint(context)
      const tokens = await redeemOrCheck(at, grant, redemption)
      await options.checkAccessToken?.(tokens.accessToken, at)
      return tokens
    },

    async refresh({ refreshToken = '', sub, firstIdToken }, context) {
      const expected = { subject: sub, first: firstIdToken }
      const at = await endpoint(context)
      const tokens = await refreshTokens(at, refreshToken, expected)
      return withheldIf(options.checkAccessToken, at, tokens)
    },

    async revoke({ refreshToken, accessToken }, context) {
      return revoke(await endpoint(context), [
        [refreshToken, 'refresh_token'],
        [accessToken, 'access_token'],
      ])
    },
  }
}

/** Makes authorization requests: pushed where the server or the options want it, a URL otherwise. */
function authorizeThrough(
  options: OAuthClientOptions,
  endpoint: OAuthClientWithEndpoint['endpoint'],
  push: OAuthClient['push'],
): OAuthClient['authorize'] {
  const { clientId } = options
  return async (setup, context, parameters) => {
    const at = await endpoint(context)
    const { server } = at
    checkOffers({ par: options.par, dpop: options.dpop !== undefined }, server)
    const own = { ...ownParameters(options, setup.scope), ...parameters }
    const asked = strictestChecks(askedChecks(own), setup.asked)
    checkCanVerify(at, { code: '', nonce: setup.nonce, ...asked })
    const request = buildCodeRequest({ ...setup, clientId })
    const extra = { ...own, ...parametersOfChecks(asked) }
    refuseReserved(extra)
    refuseWithoutIdToken(extra, setup.nonce)
    if (pushes({ par: options.par }, server)) return push({ ...extra, ...request }, context)
    return { url: buildAuthorizationUrl(server.authorization_endpoint ?? '', request, extra) }
  }
}

/** Tokens of a refresh; where the access token must not be used, the refresh token alone: the old one may be spent. */
async function withheldIf(
  checkAccessToken: CheckAccessToken | undefined,
  at: TokenEndpoint,
  tokens: RefreshedTokens,
): Promise<RefreshedTokens> {
  try {
    if (tokens.accessToken !== undefined) await checkAccessToken?.(tokens.accessToken, at)
    return tokens
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error
    return { refreshToken: tokens.refreshToken, fault: asKept(error) }
  }
}

/** Sends requests to the API with proofs of a key. */
const presentBy =
  (dpop: OpenDpop): NonNullable<BackendProvider['presentToken']> =>
  async (accessToken, fetch, context) =>
    sendWithProof(await dpop(context), accessToken, fetch)

/** Seconds by which an ID Token may be ahead of our clock; see `IdTokenRules`. */
const aheadSeconds = 60

/** Sends the code and checks the answer; or checks the answer that an earlier call has received. */
async function redeemOrCheck(
  endpoint: TokenEndpoint,
  grant: Grant,
  { answer, onAnswer }: Pick<Redemption, 'answer' | 'onAnswer'>,
): Promise<CheckedTokens> {
  const { server, fetch, now, idToken, clockToleranceSeconds = aheadSeconds } = endpoint
  if (!answer) {
    if (grant.nonce !== undefined && idToken !== 'unchecked') prefetchKeys(server, fetch, now)
    const tokens = await sendCode(endpoint, grant)
    onAnswer?.(tokens)
    return checkAnswer(endpoint, grant, tokens)
  }
  // Its times were right when it came, and it has waited here since.
  const waited = Math.max(0, now() - answer.receivedAt)
  const tolerant = { ...endpoint, clockToleranceSeconds: clockToleranceSeconds + waited }
  const checked = await checkAnswer(tolerant, grant, answer.tokens)
  const { expiresInSeconds } = checked
  return expiresInSeconds === undefined
    ? checked
    : { ...checked, expiresInSeconds: Math.max(0, expiresInSeconds - waited) }
}

/** Pushes by the endpoint, and gives the URL of the reference. */
const pushThrough =
  (clientId: string, endpoint: OAuthClientWithEndpoint['endpoint']): OAuthClient['push'] =>
  async (parameters, context, onUrl) => {
    const at = await endpoint(context)
    const { requestUri, expiresInSeconds } = await pushAuthorizationRequest(at, parameters)
    const reference = { client_id: clientId, request_uri: requestUri, ...onUrl }
    return { url: buildAuthorizationUrl(at.server.authorization_endpoint ?? '', reference), expiresInSeconds }
  }

/** Parameters that every authorization request of a client has. */
const ownParameters = (
  { consentsToOfflineAccess = false, parameters }: OAuthClientOptions,
  scope: string,
): Readonly<Record<string, string>> => ({
  ...(consentsToOfflineAccess && offlinePrompt(scope)),
  ...parameters,
})
