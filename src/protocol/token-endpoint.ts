import * as oauth from 'oauth4webapi'
import { checkResponseIssuer } from './authorization-response.js'
import { CountersignError, ValidationError } from './errors.js'
import { readJsonObject, type Answer } from './http.js'
import { toFirstIdToken, type FirstIdToken, type IdTokenClaims } from './id-token.js'
import { insecure } from './metadata.js'
import { oauthErrorOf, oauthRequest } from './oauth-request.js'
import { toTokenError, withoutCauses } from './token-error.js'
import { parseTokenResponse, type TokenResponseRules, type TokenSet } from './token-response.js'
import { checkCanVerify, verifyIdToken, type ExpectedIdToken, type IdTokenRules } from './verify-id-token.js'

/** One client at one authorization server, for requests to its token endpoint. */
export interface TokenEndpoint extends IdTokenRules, Omit<TokenResponseRules, 'dpop'> {
  readonly authentication: oauth.ClientAuth
  /** Sender-constrained tokens. */
  readonly dpop?: oauth.DPoPHandle | undefined
  /** Use of the endpoints of `mtls_endpoint_aliases`. @see https://www.rfc-editor.org/rfc/rfc8705.html#section-5 */
  readonly mtls?: boolean
}

/** An authorization code with what its request was, to be sent along or compared. */
export interface Grant extends ExpectedIdToken {
  readonly code: string
  readonly state: string
  readonly iss?: string | undefined
  readonly redirectUri: string
  readonly codeVerifier: string
  /** Further parameters of the token request, such as Moneyhub's `sub`. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Tokens with the claims of a checked ID Token, where one came. */
export interface CheckedTokens extends TokenSet {
  readonly claims: IdTokenClaims | undefined
  /** What a code gave is kept with the connection: its refreshed ID Tokens must repeat it. */
  readonly firstIdToken?: FirstIdToken | undefined
}

/**
 * Sends an authorization code, and reads the answer. For an authorization response from another server nothing is sent.
 *
 * @returns Tokens that must not be used before {@link checkAnswer} has passed them.
 * @throws {TokenEndpointError} for an error answer. @throws {ValidationError} for an answer that is none.
 * @throws {NetworkError} when no answer came.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.3
 */
export async function sendCode(endpoint: TokenEndpoint, grant: Grant): Promise<TokenSet> {
  const { server } = endpoint
  checkResponseIssuer(
    grant.iss,
    server.issuer,
    server.authorization_response_iss_parameter_supported ?? false,
  )
  checkCanVerify(endpoint, grant)
  return parse(
    endpoint,
    await requestTokens(endpoint, 'authorization_code', {
      ...grant.parameters,
      redirect_uri: grant.redirectUri,
      code: grant.code,
      code_verifier: grant.codeVerifier,
    }),
  )
}

/**
 * Checks the ID Token in the answer to a code. Any number of times: it changes nothing, and spends nothing.
 *
 * @param grant As it was sent.
 * @throws {ValidationError} `id_token_invalid` for an answer that must not be used: its tokens are to be revoked.
 * @throws {KeysUnavailableError} when it cannot be told yet: check the same answer again, since the code is spent.
 */
export const checkAnswer = (
  endpoint: IdTokenRules,
  grant: ExpectedIdToken,
  tokens: TokenSet,
): Promise<CheckedTokens> =>
  withoutCauses(async () => {
    const answer = checked(await verify(endpoint, grant, tokens))
    return answer.claims ? { ...answer, firstIdToken: await toFirstIdToken(answer.claims) } : answer
  })

/**
 * Asks for a token of the client's own, such as Moneyhub's data tokens.
 *
 * @throws as {@link sendCode} and {@link checkAnswer}.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4
 */
export async function requestClientCredentials(
  endpoint: TokenEndpoint,
  parameters: Readonly<Record<string, string>>,
): Promise<TokenSet> {
  const body = await requestTokens(endpoint, 'client_credentials', parameters)
  return withoutCauses(async () => checked(await verify(endpoint, {}, parse(endpoint, body))))
}

/** A token response in which everything is right, but perhaps for a signature that could not be checked. */
export interface Verified {
  readonly tokens: CheckedTokens
  /** The error when the signature could not be checked. */
  readonly unchecked: Error | undefined
}

function checked({ tokens, unchecked }: Verified): CheckedTokens {
  if (unchecked) throw unchecked
  return tokens
}

async function verify(rules: IdTokenRules, expected: ExpectedIdToken, tokens: TokenSet): Promise<Verified> {
  const { claims, unchecked } = await verifyIdToken(rules, expected, tokens)
  return { tokens: { ...tokens, claims }, unchecked }
}

/** Reads the answer to a token request, the ID Token aside. */
const parse = (endpoint: TokenEndpoint, body: Readonly<Record<string, unknown>>): TokenSet =>
  parseTokenResponse(body, { ...endpoint, dpop: endpoint.dpop !== undefined })

/**
 * Checks the answer to a token request, its ID Token included.
 *
 * @throws {ValidationError} `token_response_invalid` or `id_token_invalid`, naming the member or claim.
 */
export const checkTokens = (
  endpoint: TokenEndpoint,
  expected: ExpectedIdToken,
  body: Readonly<Record<string, unknown>>,
): Promise<Verified> => withoutCauses(() => verify(endpoint, expected, parse(endpoint, body)))

/**
 * Sends a token request and gives the JSON object of its answer, unchecked.
 *
 * @throws {TokenEndpointError} for an error answer. @throws {ValidationError} for one that holds no JSON object.
 * @throws {NetworkError} when no answer came. @throws {CountersignError} `environment_unsupported` when nothing could be sent.
 */
export async function requestTokens(
  { server, clientId, dpop, mtls = false, authentication, fetch }: TokenEndpoint,
  grantType: string,
  parameters: Readonly<Record<string, string>>,
): Promise<Record<string, unknown>> {
  const client: oauth.Client = { client_id: clientId, use_mtls_endpoint_aliases: mtls }
  const options: oauth.TokenEndpointRequestOptions = {
    ...insecure(server.token_endpoint ?? server.issuer),
    ...(dpop && { DPoP: dpop }),
  }
  const ask = (): Promise<Answer> =>
    oauthRequest(fetch, (through) =>
      oauth.genericTokenEndpointRequest(server, client, authentication, grantType, parameters, {
        ...options,
        ...through,
      }),
    )
  let answer: Answer
  try {
    answer = await ask()
    // The server asks for its nonce in the proof, at most once: RFC 9449 §8.
    if (dpop && oauthErrorOf(answer) === 'use_dpop_nonce') answer = await ask()
  } catch (error) {
    if (error instanceof CountersignError) throw error
    // Nothing was sent. The cause may hold what would have been.
    throw new CountersignError(
      'environment_unsupported',
      'The token request could not be made, because a key for it cannot be used here. Try again; if it stays so, check the keys of the client and of DPoP.',
      { recovery: 'resume' },
    )
  }
  return successBody(answer)
}

/** The JSON object of a token response; everything else becomes a typed error. */
function successBody(answer: Answer): Record<string, unknown> {
  if (answer.response.status !== 200) throw toTokenError(answer)
  const body = readJsonObject(answer)
  if (!body)
    throw new ValidationError(
      'token_response_invalid',
      'body',
      'The token endpoint did not answer with a JSON object. The answer was not used; start again with authorize().',
    )
  return body
}
