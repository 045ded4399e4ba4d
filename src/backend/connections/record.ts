import type { ConnectionDocument, JsonObject } from '../../protocol/contract.js'
import type { HeldConnection, ProviderGrant } from '../provider.js'
import type { Lease } from '../storage/lease.js'

/** A connection as it lies in the store. */
export interface ConnectionRecord {
  readonly v: 1
  readonly id: string
  readonly subject: string
  readonly provider: string
  readonly status: ConnectionDocument['status']
  readonly scope: string
  readonly missingScope: string
  readonly createdAt: number
  readonly consentExpiresAt?: number | undefined
  readonly renewBy?: number | undefined
  readonly details: JsonObject
  readonly data?: JsonObject | undefined
  /** Who the person is at the provider, as the first ID Token said. */
  readonly sub?: string | undefined
  readonly tokens?: StoredTokens | undefined
  /** Who refreshes now, or has not come back from it. */
  readonly refresh?: Lease | undefined
}

/** The tokens of a connection. Only `access-tokens.ts` and `resource.ts` read them. */
export interface StoredTokens {
  readonly accessToken: string
  /** Epoch seconds; absent where the server did not say. */
  readonly expiresAt?: number | undefined
  readonly refreshToken?: string | undefined
}

/** What is kept of a token response; the ID Token is not. */
export function toStoredTokens(tokens: NonNullable<ProviderGrant['tokens']>, now: number): StoredTokens {
  const { accessToken, expiresInSeconds, refreshToken } = tokens
  return {
    accessToken,
    expiresAt: expiresInSeconds === undefined ? undefined : now + Math.floor(expiresInSeconds),
    refreshToken,
  }
}

/** The connection as a provider's methods see it. */
export function toHeld(record: ConnectionRecord): HeldConnection {
  const { id, subject, scope, createdAt, sub, details, data, tokens } = record
  return {
    id,
    subject,
    scope,
    createdAt,
    sub,
    details,
    data,
    accessToken: tokens?.accessToken,
    refreshToken: tokens?.refreshToken,
  }
}
