import type { Mode } from '../input.js'
import { connectionKey } from './keys.js'

/** One authorized relation between a user of the app and an institution. Holds no token. Never changed, only replaced. */
export interface Connection<Details extends object = object, Name extends string = string> {
  /** Unique within the app; kept when the connection is renewed, and when a new one takes its place. */
  readonly id: string
  /** The name of the provider in the client's options. */
  readonly provider: Name
  /**
   * `reauthorization_required`: its tokens are no longer good; `failed`: two refreshes in a row got no OAuth answer. Both
   * are tried again, once an hour at most, where there is a refresh token that may be good after all.
   */
  readonly status: 'connected' | 'reauthorization_required' | 'failed'
  /** The scope values that were granted. */
  readonly grantedScope: readonly string[]
  /** The scope values that were asked for and not granted. */
  readonly missingScope: readonly string[]
  /** When the person connected: epoch seconds. */
  readonly connectedAt: number
  /** When the person's consent ends: epoch seconds, where known. */
  readonly consentExpiresAt?: number
  /** When the connection must have been renewed or used: epoch seconds, where known. */
  readonly renewBy?: number
  /**
   * `unproven` where neither an ID Token nor an id of the provider's says whose account it is: it cannot be told whether the
   * same person has renewed it. Absent where it is known, and where the backend does not say.
   */
  readonly identity?: 'unproven'
  /** Details from the provider. */
  readonly details: Details
}

/** What was granted before a renewal. */
export type Previous = Pick<Connection, 'grantedScope' | 'details'>

/** What a connection grants, for after its renewal. */
const toPrevious = ({ grantedScope, details }: Connection): Previous => ({ grantedScope, details })

/**
 * What was granted before a connection was renewed. The record of before may hold that renewal already, as the backend's list had
 * it; of one within the same second what is granted tells.
 */
export const previousOf = (
  { connection: old, mode, previous }: ConnectionRecord,
  next: Connection,
): Previous | undefined => (mode !== 'browser' && isSameGrant(old, next) ? previous : toPrevious(old))

const isSameGrant = (old: Connection, next: Connection): boolean =>
  old.connectedAt === next.connectedAt && JSON.stringify(toPrevious(old)) === JSON.stringify(toPrevious(next))

/** A connection as it lies in IndexedDB. */
export interface ConnectionRecord {
  readonly v: 1
  /** The app's user it belongs to; `''` where the app does not say. */
  readonly subject: string
  readonly mode: Mode
  /** Whom the first ID Token named, in `browser` mode: who renews the connection must be the same. */
  readonly idTokenSubject?: string
  /**
   * Issuer, client id and origin of the API as one text, in `browser` mode: its tokens are used with these only, see
   * records/binding.ts. Absent where an older version stored it.
   */
  readonly binding?: string
  /** URL of the backend that made it, in `mediated` and `bff` mode. Absent where an older version stored it. */
  readonly backend?: string | undefined
  /** Redirect URI of the app that stored it, in `mediated` and `bff` mode: the app's backend may move. Absent where an older version stored it. */
  readonly redirectUri?: string
  /** What was granted before the last renewal, where the backend's list has brought that before any page stored it. */
  readonly previous?: Previous | undefined
  /** True when its tokens outlive the page. */
  readonly persistent?: boolean
  /** True when its tokens are bound to this browser's DPoP key; absent where an older version stored it. */
  readonly dpop?: boolean
  readonly connection: Connection
}

/** True for a connection's record. Other scripts may write to the same storage. */
export function isConnectionRecord(
  entry: [key: string, value: unknown],
): entry is [string, ConnectionRecord] {
  const { v, connection } = Object(entry[1]) as Partial<ConnectionRecord>
  return v === 1 && entry[0] === connectionKey((Object(connection) as Partial<Connection>).id ?? '')
}
