import type { Objection } from '../quirks/objection.js'
import type { ScopeTexts } from '../quirks/scopes.js'
import type { ApiAnswer } from './api.js'
import type { AuthorizationRequest, ResponseParameters } from './authorization-request.js'
import type { AccessToken, Grant } from './grants.js'
import type { ServerRequest } from './http.js'
import type { Claims } from './jwt.js'

/** The addresses of an authorization server. */
export interface Endpoints {
  readonly authorization: string
  readonly token: string
  readonly jwks?: string
  readonly par?: string
  readonly revocation?: string
  readonly userinfo?: string
}

/**
 * What is peculiar to one provider. Everything else is the same for all: PKCE, single use of codes, rotation of refresh
 * tokens, client authentication, signatures.
 */
export interface Dialect {
  readonly issuer: string
  readonly endpoints: Endpoints
  /** Members of the discovery document beside the common ones; `undefined` where there is no discovery. */
  readonly metadata: Readonly<Record<string, unknown>> | undefined
  /** Base URLs of the API, each with a slash at its end. */
  readonly apis: readonly string[]
  /** Seconds that access tokens live. */
  readonly accessTokenSeconds: number
  /** What its scope values mean, in the words of its consent page. */
  readonly scopeTexts: ScopeTexts
  /** What any other scope value means. @defaultValue the value itself */
  readonly textOfScope?: (scope: string) => string | undefined
  /** Further words of its consent page. @defaultValue none */
  readonly consentTexts?: (request: AuthorizationRequest) => readonly string[]
  /** Seconds that codes live. @defaultValue 60 */
  readonly codeSeconds?: number
  /** True where requests must be pushed. @defaultValue false */
  readonly requiresPar?: boolean
  /** `omitted` where the server takes S256 for granted and does not read the parameter. @defaultValue required */
  readonly codeChallengeMethod?: 'omitted'
  /** True where the client may be left out of an authorization URL with `request_uri`. @defaultValue false */
  readonly knowsClientByRequest?: boolean
  /** True where there are ID Tokens. @defaultValue true */
  readonly idTokens?: boolean
  /** True where the details of a connection are claims of its ID Token. @defaultValue false */
  readonly detailsAreClaims?: boolean
  /** True where a person who cancels stays at the provider and never comes back. @defaultValue false */
  readonly keepsCancelled?: boolean
  /** Whether a grant comes with a refresh token. @defaultValue when it has `offline_access` */
  readonly refreshes?: (grant: Grant) => boolean
  /** True where refresh tokens are replaced at every use. @defaultValue true */
  readonly rotates?: boolean
  /** Checks beside the common ones. @throws {ResponseError} */
  readonly check?: (request: AuthorizationRequest) => Promise<void> | void
  /** Whom the person is for the app. @defaultValue the `sub` of the approval */
  readonly subOf?: (request: AuthorizationRequest, sub: string) => string
  /** Notes what the grant leads to, before its code is out. */
  readonly connect?: (grant: Grant, request: AuthorizationRequest) => void
  /** The authorization response as this provider writes it. @param ending what the person did */
  readonly toResponse?: (
    parameters: ResponseParameters,
    ending: 'approve' | 'cancel' | 'deny' | 'error',
    grant: Grant | undefined,
  ) => ResponseParameters
  /** The ID Token's claims as this provider writes them. @param fresh `true` for the one that comes with a code. */
  readonly toClaims?: (claims: Claims, grant: Grant, fresh: boolean) => Claims
  /** The token response as this provider writes it. @param fresh as above. */
  readonly toTokenResponse?: (body: Claims, grant: Grant, fresh: boolean) => Claims
  /** True where a request that is refused is shown a page, and the app never hears of it. @defaultValue false */
  readonly refusesOnPage?: boolean
  /** Parameters of a request that redeems a code, beside the code, without which it is an `invalid_request`. @defaultValue none */
  readonly requires?: readonly string[]
  /** Further demands of a token request for a code. */
  readonly acceptsCode?: (grant: Grant, form: URLSearchParams) => boolean
  /** What is wrong with a request for a token of the client's own. @defaultValue the client may have none */
  readonly objectToOwnToken?: (scope: readonly string[], sub: string | undefined) => Objection | undefined
  /** Addresses of its API that are answered without a token. @defaultValue none */
  readonly isPublic?: (url: URL) => boolean
  /** Answers the API. @param access the token of the request, where it is good. */
  readonly answer: (
    request: ServerRequest,
    access: AccessToken | undefined,
  ) => ApiAnswer | Response | Promise<ApiAnswer | Response>
}
