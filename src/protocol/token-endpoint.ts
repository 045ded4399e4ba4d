import * as oauth from 'oauth4webapi'
import { checkResponseIssuer } from './authorization-response.js'
import { CountersignError, TokenEndpointError, ValidationError } from './errors.js'
import { readJsonObject, type Answer, type Fetch } from './http.js'
import { algorithmOf, checkIdToken, idTokenAlgorithms, refuseIdToken } from './id-token.js'
import { insecure, type ServerMetadata } from './metadata.js'
import { oauthErrorOf, oauthRequest } from './oauth-request.js'
import { retryAfterOf } from './retry-after.js'
import { checkSignature } from './signing-keys.js'
import {
  parseTokenResponse,
  type TokenResponseRules,
  type TokenSet,
  type UncheckedTokens,
} from './token-response.js'

/** One client at one authorization server: what every request to its token endpoint needs. */
export interface TokenEndpoint extends Omit<TokenResponseRules, 'dpop'> {
  /** One object for as long as its keys may be kept. */
  readonly server: ServerMetadata
  readonly clientId: string
  readonly authentication: oauth.ClientAuth
  readonly fetch: Fetch
  /** Epoch seconds. */
  readonly now: () => number
  /** Whether an ID Token must come when `openid` was requested; `unchecked` where its issuer is not known. */
  readonly idToken: 'required' | 'optional' | 'unchecked'
  /** How far the clock may be off when an ID Token is checked: seconds. @defaultValue 30, and 60 for `iat` */
  readonly clockToleranceSeconds?: number
  /** Sender-constrained tokens. */
  readonly dpop?: oauth.DPoPHandle | undefined
  /** Accepted signature algorithms of ID Tokens. @defaultValue all of `idTokenAlgorithms` */
  readonly idTokenAlgorithms?: readonly string[]
  /** Whether to use the endpoints of `mtls_endpoint_aliases`. @see https://www.rfc-editor.org/rfc/rfc8705.html#section-5 */
  readonly mtls?: boolean
}

/** What was asked for and comes back to be compared. */
export interface Grant {
  readonly code: string
  readonly state: string
  readonly iss?: string | undefined
  readonly redirectUri: string
  readonly codeVerifier: string
  readonly nonce?: string | undefined
  /** The subject that the ID Token must name, where one is expected: then an ID Token must come. */
  readonly subject?: string | undefined
  readonly maxAgeSeconds?: number | undefined
  /** Further parameters of the token request, such as Moneyhub's `sub`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Tokens with the claims of a checked ID Token, where one came. */
export interface CheckedTokens extends TokenSet {
  readonly claims: oauth.IDToken | undefined
}

/** What a refresh gives: where no key for its ID Token can be had, the refresh token and nothing else. */
export type RefreshedTokens = CheckedTokens | (UncheckedTokens & { readonly claims?: undefined })

/**
 * Redeems an authorization code and checks everything in the answer, the ID Token's signature included. A response that
 * is not from this server sends nothing.
 *
 * @throws {TokenEndpointError} for an error answer. @throws {ValidationError} for an answer that is not acceptable.
 * @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.3
 */
export async function redeemCode(endpoint: TokenEndpoint, grant: Grant): Promise<CheckedTokens> {
  const { server } = endpoint
  checkResponseIssuer(
    grant.iss,
    server.issuer,
    server.authorization_response_iss_parameter_supported ?? false,
  )
  const parameters = new URLSearchParams({
    code: grant.code,
    state: grant.state,
    ...(grant.iss !== undefined && { iss: grant.iss }),
  })
  return withoutCauses(async () => {
    // The page has checked the response already; oauth4webapi wants to have seen it as well.
    const response = oauth.validateAuthResponse(server, clientOf(endpoint), parameters, grant.state)
    const answer = await exchange(endpoint, grant, (client, options) =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        endpoint.authentication,
        response,
        grant.redirectUri,
        grant.codeVerifier,
        {
          ...options,
          ...(grant.parameters && { additionalParameters: grant.parameters }),
        },
      ),
    )
    return checked(answer)
  })
}

/**
 * Uses a refresh token. `refreshToken` of the result is `undefined` when the old one stays good. Where no key for the ID
 * Token can be had just now, nobody gets the access token; the refresh token counts, because the old one is spent.
 *
 * @param subject The subject of the connection's first ID Token: a refreshed one must name the same.
 * @throws as {@link redeemCode}.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-6
 */
export async function refreshTokens(
  endpoint: TokenEndpoint,
  refreshToken: string,
  subject?: string,
): Promise<RefreshedTokens> {
  return withoutCauses(async () => {
    const { tokens, unchecked } = await exchange(endpoint, { subject }, (client, options) =>
      oauth.refreshTokenGrantRequest(endpoint.server, client, endpoint.authentication, refreshToken, options),
    )
    return unchecked ? { refreshToken: tokens.refreshToken } : tokens
  })
}

/**
 * Asks for a token of the client's own, such as Moneyhub's data tokens.
 *
 * @throws as {@link redeemCode}.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4
 */
export async function requestClientCredentials(
  endpoint: TokenEndpoint,
  parameters: Readonly<Record<string, string>>,
): Promise<TokenSet> {
  return withoutCauses(async () => {
    const answer = await exchange({ ...endpoint, idToken: 'optional' }, {}, (client, options) =>
      oauth.clientCredentialsGrantRequest(
        endpoint.server,
        client,
        endpoint.authentication,
        parameters,
        options,
      ),
    )
    return checked(answer)
  })
}

type Expected = Partial<Pick<Grant, 'nonce' | 'subject' | 'maxAgeSeconds' | 'state' | 'code'>>

/** A token response in which everything is right, but perhaps for a signature that could not be checked. */
interface Exchanged {
  readonly tokens: CheckedTokens
  /** Why the signature could not be checked. */
  readonly unchecked: Error | undefined
}

type Send = (client: oauth.Client, options: oauth.TokenEndpointRequestOptions) => Promise<Response>

const clientOf = ({
  clientId,
  clockToleranceSeconds = 30,
}: Pick<TokenEndpoint, 'clientId' | 'clockToleranceSeconds'>): oauth.Client => ({
  client_id: clientId,
  [oauth.clockTolerance]: clockToleranceSeconds,
})

function checked({ tokens, unchecked }: Exchanged): CheckedTokens {
  if (unchecked) throw unchecked
  return tokens
}

async function exchange(endpoint: TokenEndpoint, expected: Expected, send: Send): Promise<Exchanged> {
  const { server, dpop } = endpoint
  const options: oauth.TokenEndpointRequestOptions = {
    ...insecure(server.token_endpoint ?? server.issuer),
    ...(dpop && { DPoP: dpop }),
  }
  const mtls = endpoint.mtls ? { use_mtls_endpoint_aliases: true } : {}
  const client = { ...clientOf(endpoint), ...mtls }
  const ask = (): Promise<Answer> =>
    oauthRequest(endpoint.fetch, (through) => send(client, { ...options, ...through }))
  let answer = await ask()
  // The server asks for its nonce in the proof, at most once: RFC 9449 §8.
  if (dpop && oauthErrorOf(answer) === 'use_dpop_nonce') answer = await ask()
  const tokens = parseTokenResponse(successBody(answer), { ...endpoint, dpop: dpop !== undefined })
  const { claims, unchecked } =
    tokens.idToken === undefined || endpoint.idToken === 'unchecked'
      ? { claims: undefined, unchecked: undefined }
      : await checkClaims(endpoint, expected, tokens)
  if (!claims && demandsIdToken(endpoint, expected))
    refuseIdToken('id_token', 'is missing, so nothing says who has signed in')
  return { tokens: { ...tokens, claims }, unchecked }
}

/** Whether a code's answer must say who has signed in. A refresh may leave it out: OpenID Connect Core §12.2. */
const demandsIdToken = (
  { idToken }: TokenEndpoint,
  { code, nonce, subject, maxAgeSeconds }: Expected,
): boolean =>
  code !== undefined &&
  (subject ?? maxAgeSeconds ?? (idToken === 'required' ? nonce : undefined)) !== undefined

/** The JSON object of a token response; everything else becomes a typed error. */
function successBody(answer: Answer): Record<string, unknown> {
  if (answer.response.status !== 200) throw refusalOf(answer)
  const body = readJsonObject(answer)
  if (!body)
    throw new ValidationError(
      'token_response_invalid',
      'body',
      'The token endpoint did not answer with a JSON object. The answer was not used; start again with authorize().',
    )
  return body
}

function refusalOf(answer: Answer): TokenEndpointError {
  const { status, headers } = answer.response
  const error = oauthErrorOf(answer)
  const isBusy =
    status >= 500 || status === 429 || /^(?:temporarily_unavailable|server_error)$/.test(error ?? '')
  return new TokenEndpointError(
    isBusy
      ? 'The token endpoint cannot serve the request now. Try again in a while.'
      : 'The token endpoint refused the request. Start again with authorize().',
    { error, status },
    {
      recovery: isBusy
        ? 'resume'
        : error === 'invalid_client' || error === 'unauthorized_client'
          ? 'configure'
          : 'authorize',
      retryAfterSeconds: retryAfterOf(headers),
    },
  )
}

/** Has oauth4webapi check claims and signature of the ID Token, and checks what it leaves to us. */
async function checkClaims(
  endpoint: TokenEndpoint,
  expected: Expected,
  tokens: TokenSet,
): Promise<{ readonly claims: oauth.IDToken | undefined; readonly unchecked: Error | undefined }> {
  const { server, clientId } = endpoint
  const idToken = tokens.idToken ?? ''
  const algorithm = algorithmOf(idToken)
  const accepted: readonly string[] = endpoint.idTokenAlgorithms ?? idTokenAlgorithms
  if (!accepted.includes(algorithm)) refuseIdToken('alg')
  const client: oauth.Client = { ...clientOf(endpoint), id_token_signed_response_alg: algorithm }
  // oauth4webapi reads a response: this one holds nothing but what has been checked.
  const response = Response.json({
    access_token: tokens.accessToken,
    token_type: 'bearer',
    id_token: idToken,
  })
  const result =
    expected.code === undefined
      ? await oauth.processRefreshTokenResponse(server, client, response)
      : await oauth.processAuthorizationCodeResponse(server, client, response, {
          expectedNonce: expected.nonce ?? oauth.expectNoNonce,
          requireIdToken: true,
          ...(expected.maxAgeSeconds !== undefined && { maxAge: expected.maxAgeSeconds }),
        })
  const claims = oauth.getValidatedIdTokenClaims(result)
  if (claims) {
    await checkIdToken(idToken, claims, {
      clientId,
      accessToken: tokens.accessToken,
      state: expected.state,
      subject: expected.subject,
      now: endpoint.now(),
      clockToleranceSeconds: endpoint.clockToleranceSeconds,
      fresh: expected.code !== undefined,
    })
  }
  // Last: what the claims alone refuse needs no keys, and is not put down to their absence.
  return { claims, unchecked: await checkSignature(server, response, endpoint.fetch, endpoint.now) }
}

/** Lets our own errors pass and replaces oauth4webapi's, whose `cause` holds tokens, claims and responses. */
async function withoutCauses<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof CountersignError) throw error
    throw new ValidationError(
      'id_token_invalid',
      claimOf(error),
      'The ID Token, or the key it was signed with, could not be accepted. Nothing was connected; start again with authorize().',
    )
  }
}

/** The name of the claim, or of the header member, that an oauth4webapi error is about; never its value. */
function claimOf(error: unknown): string {
  if (!(error instanceof Error)) return 'signature'
  const { claim } = Object(error.cause) as { claim?: unknown }
  return typeof claim === 'string'
    ? claim
    : (/(?:JWT|ID Token) "(\w+)"/.exec(error.message)?.[1] ?? 'signature')
}
