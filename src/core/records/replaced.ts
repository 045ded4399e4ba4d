import { isSameBinding } from './binding.js'
import { isConnectionRecord, type ConnectionRecord } from './connection.js'
import { connectionKey } from './keys.js'

/**
 * The connections whose place a new one takes once no page has tokens of them, newest first: those of the same user of the
 * app, with the same provider, issuer, client id and API, of the same person, and whose scope the new one contains.
 *
 * Only where an ID Token has named the person, and tokens are in memory.
 */
export function replacedBy(
  { binding, idTokenSubject, persistent, subject, connection }: ConnectionRecord,
  records: readonly unknown[],
): ConnectionRecord[] {
  if (binding === undefined || idTokenSubject === undefined || persistent) return []
  const isReplaced = (old: ConnectionRecord): boolean => {
    // Other scripts may have written it.
    const scope = old.connection.grantedScope as unknown
    return (
      old.subject === subject &&
      old.persistent !== true &&
      isSameBinding(String(old.binding), binding) &&
      old.idTokenSubject === idTokenSubject &&
      old.connection.provider === connection.provider &&
      Array.isArray(scope) &&
      scope.every((value: string) => connection.grantedScope.includes(value))
    )
  }
  return records
    .filter(isRecord)
    .filter(isReplaced)
    .sort((a, b) => b.connection.connectedAt - a.connection.connectedAt)
}

const isRecord = (value: unknown): value is ConnectionRecord => {
  const { connection } = Object(value) as Partial<ConnectionRecord>
  return isConnectionRecord([connectionKey(connection?.id ?? ''), value])
}
