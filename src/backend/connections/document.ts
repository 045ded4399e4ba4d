import type { ConnectionDocument } from '../../protocol/contract.js'
import type { ConnectionRecord } from './record.js'

/** The connection as the page sees it: no token, and a status that says whether it can still be used. */
export function toDocument(record: ConnectionRecord, now: number): ConnectionDocument {
  const { id, provider, status, scope, missingScope: missing, createdAt, details, tokens } = record
  const { consentExpiresAt, renewBy, sub } = record
  const over =
    (consentExpiresAt !== undefined && consentExpiresAt <= now) ||
    (tokens && tokens.refreshToken === undefined && tokens.expiresAt !== undefined && tokens.expiresAt <= now)
  return {
    id,
    provider,
    status: over ? 'reauthorization_required' : status,
    scope,
    missing_scope: missing,
    created_at: createdAt,
    ...(consentExpiresAt !== undefined && { consent_expires_at: consentExpiresAt }),
    ...(renewBy !== undefined && { renew_by: renewBy }),
    // The provider's own id of the person counts, too.
    ...(sub === undefined && { identity: 'unproven' }),
    details,
  }
}
