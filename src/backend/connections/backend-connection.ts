import type { JsonObject } from '../../protocol/contract.js'
import { toDocument } from './document.js'
import type { ConnectionRecord } from './record.js'

/** Names one connection of one user. */
export interface ConnectionHandle {
  /** The app's user: the `subject` of your `session`. */
  readonly subject: string
  /** The connection's id, as the page has it. */
  readonly id: string
}

/** A connection as the app's own server sees it. No token is in it. */
export interface BackendConnection extends ConnectionHandle {
  /** The provider's name in `providers`. */
  readonly provider: string
  /**
   * `reauthorization_required`: only the person can renew it; `failed`: the provider does not answer refreshes as OAuth requires.
   */
  readonly status: 'connected' | 'reauthorization_required' | 'failed'
  /** The granted scope, space-delimited. */
  readonly scope: string
  /** The requested scope that was not granted, space-delimited; empty when all was granted. */
  readonly missingScope: string
  /** When the person connected: epoch seconds. */
  readonly createdAt: number
  /** When the person's consent ends: epoch seconds, where known. */
  readonly consentExpiresAt?: number
  /** When the connection must have been renewed or used: epoch seconds, where known. */
  readonly renewBy?: number
  /** `unproven`: nothing says whose account it is, so that a renewal may be another person's. Absent where that is known. */
  readonly identity?: 'unproven'
  /** The provider's details of the connection, such as `profile_id` or `grant_id`. */
  readonly details: JsonObject
}

/** The connection as the app's own server sees it. */
export function toBackendConnection(record: ConnectionRecord, now: number): BackendConnection {
  const document = toDocument(record, now)
  const { consent_expires_at: consentExpiresAt, renew_by: renewBy, identity } = document
  return {
    subject: record.subject,
    id: document.id,
    provider: document.provider,
    status: document.status,
    scope: document.scope,
    missingScope: document.missing_scope,
    createdAt: document.created_at,
    ...(consentExpiresAt !== undefined && { consentExpiresAt }),
    ...(renewBy !== undefined && { renewBy }),
    ...(identity && { identity }),
    details: document.details,
  }
}
