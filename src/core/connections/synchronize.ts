import { CountersignError } from '../../protocol/errors.js'
import { openChannel } from '../channel/open-channel.js'
import { isOfThisBackend, ofThisBackend } from '../backend-url.js'
import { type Context, providerOf } from '../context.js'
import { previousOf, type Connection, type ConnectionRecord } from '../records/connection.js'
import { connectionKey, sessionKey, syncedKey } from '../records/keys.js'
import { mediatorOf } from './mediator.js'
import { hasOwn } from '../../protocol/has-own.js'

/** Tolerance between the clocks of page and backend: seconds. */
const clockToleranceSeconds = 600

/**
 * Asks the backend which connections there are: those made, renewed or ended on another device, or whose records this
 * browser has evicted. What another user of the app has here stays theirs. Without an answer nothing changes.
 */
export async function synchronize(context: Context, subject: string, name: string): Promise<void> {
  // The user has changed while this part was loaded: the session is another's by now.
  if (context.subject() !== subject) return
  const { clock, database, tabs } = context.platform
  const askedAt = clock.now()
  const isSameUser = context.watchSubject()
  const { list } = await openChannel(context, name)
  const [entries, answer] = await Promise.all([database.entries(), list?.()])
  // The user may have changed, here or in another tab, and with them the session that the backend answered for.
  await context.follow(sessionKey)
  if (!isSameUser()) return
  const before = new Set(entries.map(([key]) => key).filter((key) => key.startsWith(connectionKey(''))))
  const listed = new Map(answer?.map((connection) => [connectionKey(connection.id), connection]))

  /**
   * What a record becomes. That of a connection the backend no longer has goes, unless it came while we asked, or another
   * app's backend listed it. One that went while we asked stays away: the person may have disconnected it. Other scripts can write to
   * storage: a damaged record neither stays in the way nor stops the rest.
   */
  const settle = (key: string, stored: unknown): unknown => {
    const connection = listed.get(key)
    const { connection: known } = Object(stored) as Partial<ConnectionRecord>
    const record = known ? (stored as ConnectionRecord) : undefined
    if (stored === undefined && before.has(key)) return undefined
    if (connection) return replaces(connection, record) ? toRecord(connection, record) : record
    return record && isOlder(record) && isMediated(record) ? undefined : stored
  }
  const replaces = (connection: Connection, record: ConnectionRecord | undefined): boolean =>
    !record || (record.subject === subject && record.connection.connectedAt <= connection.connectedAt)
  const toRecord = (connection: Connection, before: ConnectionRecord | undefined): ConnectionRecord => ({
    v: 1,
    subject,
    mode: providerOf(context, connection.provider).channel.mode,
    ...ofThisBackend(context, connection.provider),
    connection,
    previous: before && previousOf(before, connection),
  })
  const isOlder = (record: ConnectionRecord): boolean =>
    record.connection.connectedAt < askedAt - clockToleranceSeconds
  const isMediated = (record: ConnectionRecord): boolean =>
    record.subject === subject &&
    record.mode !== 'browser' &&
    hasOwn(context.providers, record.connection.provider) &&
    isOfThisBackend(context, record)

  const keys = [...new Set([...before, ...listed.keys()])]
  const isNews = await database.change(keys, (records) => {
    const next = keys.map((key, index) => settle(key, records[index]))
    return [
      {
        ...Object.fromEntries(keys.map((key, index) => [key, next[index]])),
        [syncedKey(subject)]: clock.now(),
      },
      records.some((record, index) => shownOf(record) !== shownOf(next[index])),
    ]
  })
  // The id of none: the others read everything.
  if (isNews) tabs.announce('connections')
}

/** What anybody is shown of a record, for comparison. */
const shownOf = (record: unknown): string | undefined =>
  JSON.stringify((Object(record) as Partial<ConnectionRecord>).connection)

/**
 * Asks the backend at the app's wish, where there is one.
 *
 * @throws {CountersignError} when there is no answer. `sign_in_required` is shown by the list as well.
 */
export async function refresh(context: Context): Promise<void> {
  await context.subjectKnown()
  const subject = context.subject()
  const isSameUser = context.watchSubject()
  const mediator = mediatorOf(context)
  if (subject == null || mediator === undefined) return
  try {
    await synchronize(context, subject, mediator)
  } catch (error) {
    const isSignedOut = error instanceof CountersignError && error.code === 'sign_in_required'
    if (isSignedOut && isSameUser()) context.requireSignIn()
    throw error
  }
}
