/**
 * The backend contract, version 1: the HTTP interface between the page and the app's own backend. Names on the wire
 * are the RFCs'. Page and backend both import these types; `docs/backend-contract.md` is the same in prose.
 *
 * @see https://www.rfc-editor.org/rfc/rfc10017.html#section-6.2
 */

/** The request header of every call. Its value is the version; being a custom header, it forces a CORS preflight. */
export const contractHeader = 'Countersign'

/**
 * The request header that says for which user the page asks: SHA-256 of the subject in UTF-8, 43 base64url characters. A backend
 * whose session is of somebody else does nothing. A page may leave it out.
 */
export const subjectHeader = 'Countersign-Subject'

/**
 * The header that carries the id of one request, a UUID, from page to backend, from there to the provider's API, and back.
 *
 * @see https://openid.net/specs/openid-financial-api-part-1-1_0.html#section-6.2.1
 */
export const correlationHeader = 'x-fapi-interaction-id'

/** The version of the contract that this library speaks. */
export const contractVersion = '1'

/** JSON as it goes over the wire. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** A JSON object. */
export type JsonObject = Readonly<Record<string, Json>>

/** `POST /{provider}/authorization`: asks for an authorization URL. */
export interface AuthorizationRequest {
  /** 43 base64url characters; the backend binds it to the subject. */
  readonly state: string
  /** S256 of the verifier that stays in the page: 43 base64url characters. */
  readonly code_challenge: string
  /** Present when the scope holds `openid`, the page's or the backend's. */
  readonly nonce?: string
  /** One of the URIs that the backend has registered. */
  readonly redirect_uri: string
  /** Space-delimited; within what the backend allows. Absent: the backend's own. Where that has `openid`, it is added. */
  readonly scope?: string
  /** The connection to renew in place; its id is kept. */
  readonly connection?: string
  /** The page's choices that the provider allows, such as `platform_id` or `bank_id`. */
  readonly input?: JsonObject
  /** The ways of signing in of which the ID Token must name one, space-delimited. A backend that cannot ask for it refuses it. */
  readonly acr_values?: string
  /** Seconds since the person signed in, at most, which the ID Token must confirm. Likewise. */
  readonly max_age?: number
}

/** The answer (201) to {@link AuthorizationRequest}. */
export interface AuthorizationAnswer {
  /** The complete authorization URL. The page checks it before it navigates. */
  readonly authorization_url: string
  /** Seconds for which the URL may be opened. */
  readonly expires_in: number
  /** Opaque, at most 2 kB; the page returns it with the code. */
  readonly transaction?: string
}

/** `POST /{provider}/token`: redeems an authorization code. Idempotent for the same subject, state and verifier. */
export interface TokenRequest {
  readonly code: string
  readonly state: string
  readonly code_verifier: string
  /** The `iss` of the authorization response, where one came (RFC 9207). */
  readonly iss?: string
  /** The `scope` of the authorization response, where one came: what is reported as granted stays within it. */
  readonly scope?: string
  /** The handle of {@link AuthorizationAnswer}, where one came. */
  readonly transaction?: string
}

/** A connection for the page. Never holds a token. */
export interface ConnectionDocument {
  readonly id: string
  readonly provider: string
  /**
   * `reauthorization_required` when the provider no longer accepts what the backend holds; `failed` when it does not answer
   * refreshes as OAuth requires, so that the state of the grant is unknown.
   */
  readonly status: 'connected' | 'reauthorization_required' | 'failed'
  /** The granted scope, space-delimited. */
  readonly scope: string
  /** The requested scope that was not granted, space-delimited; empty when all was granted. */
  readonly missing_scope: string
  /** Epoch seconds. */
  readonly created_at: number
  /** Epoch seconds at which the person's consent ends, where known. */
  readonly consent_expires_at?: number
  /** Epoch seconds by which the connection must be renewed or used, where known. */
  readonly renew_by?: number
  /**
   * `unproven` where neither an ID Token nor an id of the provider's says whose account it is, so that a renewal may be another
   * person's. Absent where that is known.
   */
  readonly identity?: 'unproven'
  /** The provider's details of the connection, such as `profile_id` or `grant_id`. */
  readonly details: JsonObject
}

/** An access token on its way to the page, in `mediated` mode only. */
export interface AccessTokenAnswer {
  readonly access_token: string
  /** `Bearer`; certificate-bound or DPoP-bound tokens never leave the backend. */
  readonly token_type: string
  /** Seconds from now. Absent: unknown. */
  readonly expires_in?: number
}

/** The answer (200) to {@link TokenRequest}; with an access token in `mediated` mode. */
export interface TokenAnswer extends Partial<AccessTokenAnswer> {
  readonly connection: ConnectionDocument
}

/** The answer (200) to `GET /connections`: those of the subject. */
export interface ConnectionsAnswer {
  readonly connections: readonly ConnectionDocument[]
}

/** An institution that a person may choose, or one of the ways to sign in at it. */
export interface InstitutionDocument {
  /** What the provider's `input` names it by. */
  readonly id: string
  readonly name: string
  /** The name of the institution, where it has several entries. */
  readonly group?: string
  /** URL of a logo on an origin of the provider's, without a query: it says nothing about the person. */
  readonly logo?: string
}

/** The answer (200) to `GET /{provider}/institutions`: one page, sorted by name. */
export interface InstitutionsAnswer {
  readonly institutions: readonly InstitutionDocument[]
  /** The `cursor` of the next page; absent on the last one. */
  readonly next_cursor?: string
}

/** `POST /connections/{id}/access-token`. */
export interface AccessTokenRequest {
  /** SHA-256 (base64url) of an access token that the API refused, so that the backend does not hand it out again. */
  readonly rejected?: string
}

/**
 * Why a grant was not revoked: there is no endpoint for it, or nothing left here to revoke; the provider did not confirm it;
 * the provider could not be reached.
 */
export type UnrevokedReason = 'no_endpoint' | 'refused' | 'unreachable'

/** The answer (200) to `DELETE /connections/{id}`. */
export interface DisconnectAnswer {
  /** `true` when the provider confirmed that it revoked the grant. The backend forgets the connection in any case. */
  readonly revoked: boolean
  /** Why not, where `revoked` is `false`. A backend may leave it out. */
  readonly reason?: UnrevokedReason
}

/** Every error of the contract. */
export interface ErrorAnswer {
  readonly error: ContractErrorCode
  /** A fixed sentence; never text of the provider. */
  readonly error_description: string
  /**
   * For `reauthorization_required`: the connection it is about. With `provider_unavailable`, it says that the connection's
   * status has become `failed`.
   */
  readonly connection?: string
  /** For `step_up_required`: the ways of signing in of which the API wants one, space-delimited, best first. */
  readonly acr_values?: string
  /** For `step_up_required`: seconds since the person signed in, at most. */
  readonly max_age?: number
}

/** The `error` values of the contract. */
export type ContractErrorCode =
  | 'invalid_request'
  | 'invalid_grant'
  | 'unauthenticated'
  | 'forbidden_origin'
  | 'unknown_provider'
  | 'unknown_connection'
  | 'not_found'
  | 'method_not_allowed'
  /** 409: the app's session is of another user than the page asks for. Nothing was done. */
  | 'subject_mismatch'
  | 'transaction_invalid'
  /** 409: a renewal in which another person has signed in at the provider. The connection stays as it was. */
  | 'other_person'
  /** 409: a renewal in which nothing says who has signed in at the provider. The connection stays as it was. */
  | 'person_unknown'
  /** 409: the user has as many connections as the backend keeps. Nobody was sent away; one must be disconnected first. */
  | 'too_many_connections'
  | 'reauthorization_required'
  /** 409: the API wants the person to sign in again, or by a stronger way (RFC 9470). The connection is as good as before for the rest. */
  | 'step_up_required'
  | 'payload_too_large'
  | 'unsupported_media_type'
  | 'rate_limited'
  | 'provider_error'
  | 'provider_unavailable'
  /**
   * 503: the backend itself cannot work now, because its store or the app's session does not answer, or what lies in the
   * store cannot be opened.
   */
  | 'backend_unavailable'
