// What the handler gives to a provider: apart from `provider.ts`, so that the types of its parts make no circle with it.
import type { JsonObject } from '../protocol/contract.js'
import type { Fetch } from '../protocol/http.js'
import type { FirstIdToken } from '../protocol/id-token.js'
import type { LeasedRecord, LeaseTerms } from './storage/lease.js'
import type { Records } from './storage/records.js'

/**
 * The app's own user, by the app's own session. Facts about the person that a provider needs beside the subject (Basis:
 * e-mail, name, EIN; Moneyhub: its user id) are in `claims`, and come from nowhere else: never from the body of a
 * request.
 */
export interface Session<Claims extends object = object> {
  /** An opaque, stable id of the user; connections and transactions belong to it. */
  readonly subject: string
  readonly claims: Claims
}

/** Records that a provider may keep beside its connections; see {@link ProviderContext.records}. */
export interface ProviderRecords extends Pick<Records, 'read' | 'change'> {
  /** A record whose work one caller does while the others wait: the creation of a user at the provider, for instance. */
  lease<T>(key: string, terms: LeaseTerms<T>): LeasedRecord<T>
}

/** Context of every method of a provider. */
export interface ProviderContext {
  /** The `fetch` for this provider. Bound the time and the size of what you ask with it. */
  readonly fetch: Fetch
  /** Epoch seconds. */
  readonly now: () => number
  /** True while a page's request is answered, so while the person is there; false for what the server does on its own. */
  readonly attended: boolean
  /** The id of the request that is answered, or of the call of `backend.connections`: a UUID, for `x-fapi-interaction-id`. */
  readonly correlation: string
  /**
   * The form of a user in keys of records and in what a provider is told: 43 base64url characters that do not tell who it is.
   * It stays the same for as long as the store and its `subjectKeySecret` do.
   */
  readonly subjectKey: (subject: string) => Promise<string> | string
  /**
   * Records of the provider's own in the backend's store, sealed as everything there; other providers do not see them. For
   * the person's id at the provider, for instance. The handler keeps the tokens of connections. A key is ASCII, at most 56
   * characters.
   */
  readonly records: ProviderRecords
}

/** A stored connection with its tokens. */
export interface HeldConnection {
  readonly id: string
  readonly subject: string
  /** The granted scope, space-delimited. */
  readonly scope: string
  /** Epoch seconds. */
  readonly createdAt: number
  readonly accessToken: string | undefined
  readonly refreshToken: string | undefined
  readonly sub: string | undefined
  /** What refreshed ID Tokens must repeat, for the client's `refresh`; absent where an older version stored the connection. */
  readonly firstIdToken?: FirstIdToken | undefined
  readonly details: JsonObject
  readonly data: JsonObject | undefined
}
