import type { HeldConnection } from '../provider.js'
import type { ConnectionRecord } from './record.js'

/** The connection as a provider's methods see it. */
export function toHeld(record: ConnectionRecord): HeldConnection {
  const { id, subject, scope, createdAt, sub, firstIdToken, details, data, tokens } = record
  return {
    id,
    subject,
    scope,
    createdAt,
    sub,
    firstIdToken,
    details,
    data,
    accessToken: tokens?.accessToken,
    refreshToken: tokens?.refreshToken,
  }
}
