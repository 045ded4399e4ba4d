import type { ConnectionDocument, JsonObject } from '../../protocol/contract.js'
import type { FirstIdToken } from '../../protocol/id-token.js'
import type { TokenSet } from '../../protocol/token-response.js'
import type { RefreshTrouble } from '../../protocol/refresh-trouble.js'
import type { ServerIdentity } from '../provider.js'
import type { Lease } from '../storage/lease.js'

/** What a connection's tokens belong to, and may be sent to: a provider's name may stand for another server tomorrow. */
export interface Binding extends ServerIdentity {
  /** Origin of the API that pages reach through this backend. */
  readonly api?: string | undefined
}

/** A connection as it lies in the store. */
export interface ConnectionRecord {
  readonly v: 1
  readonly id: string
  readonly subject: string
  readonly provider: string
  readonly status: ConnectionDocument['status']
  readonly scope: string
  readonly missingScope: string
  /** The `scope` of the authorization response, where one came: a refresh reports nothing beyond it. */
  readonly grantedScope?: string | undefined
  readonly createdAt: number
  readonly consentExpiresAt?: number | undefined
  readonly renewBy?: number | undefined
  readonly details: JsonObject
  /** Epoch seconds at which the provider was last asked for its details; absent since the connection was made. */
  readonly detailsAt?: number | undefined
  readonly data?: JsonObject | undefined
  /** Absent in records of before; the first use binds them to the server of then. */
  readonly binding?: Binding | undefined
  /** The person at the provider, by the `sub` of the first ID Token. */
  readonly sub?: string | undefined
  /** What refreshed ID Tokens must repeat; absent in records of before. */
  readonly firstIdToken?: FirstIdToken | undefined
  readonly tokens?: StoredTokens | undefined
  /** Lease of a refresh that is under way, or whose answer never came. */
  readonly refresh?: Lease | undefined
  /** True where the last refresh moved `renewBy` no further: only the person can. */
  readonly renewByIsFinal?: boolean | undefined
  /** Times of requests that no person has caused, within 24 hours: epoch seconds, where the provider's limit is known. */
  readonly unattendedAt?: readonly number[] | undefined
  /** When tokens were replaced that an API was said to have refused, within the last hour: epoch seconds. */
  readonly replacedAt?: readonly number[] | undefined
  /** Refreshes that were refused or could not be read; absent after one that succeeded. */
  readonly trouble?: RefreshTrouble | undefined
}

/** The tokens of a connection. A page gets the access token at most, in `mediated` mode. */
export interface StoredTokens {
  readonly accessToken: string
  /** Whether it is bound to a key; absent where an older version stored it. */
  readonly tokenType?: TokenSet['tokenType'] | undefined
  /** Epoch seconds; absent where the server did not say. */
  readonly expiresAt?: number | undefined
  readonly refreshToken?: string | undefined
  /** When the tokens were issued: epoch seconds; absent where an older version stored them. */
  readonly issuedAt?: number | undefined
}
