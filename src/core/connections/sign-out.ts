import { fromFailure, unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { openChannel } from '../channel/open-channel.js'
import type { Context } from '../context.js'
import { isConnectionRecord, type ConnectionRecord } from '../records/connection.js'
import { noteDisconnected } from '../records/disconnected.js'
import { disconnectedKey, syncedKey, tokensKey } from '../records/keys.js'
import type { StoredTokens } from '../records/tokens.js'

/** What has become of the tokens that this browser had. */
export interface SignedOut {
  /** `true` when the providers have confirmed that all of them are revoked, or there were none. */
  readonly revoked: boolean
}

/** Number of times that the database is looked through: another tab may be writing. */
const maximumRounds = 5

/**
 * Removes everything of a user from this browser, hides it, and has the tokens of `browser` mode revoked. What a backend keeps
 * stays there. Storage comes first: a page that is left meanwhile leaves nothing behind.
 *
 * @param hide Ends the user's session in this page, and tells the others.
 * @throws {StorageError} when not everything was removed; it is hidden all the same.
 */
export async function signOut(context: Context, owner: string, hide: () => void): Promise<SignedOut> {
  const { tokens } = context
  const held = new Map(tokens.ids().map((id) => [id, tokens.get(id)]))
  // Revoked below, and not by whoever notices that they are gone.
  for (const id of held.keys()) tokens.forget(id, [])
  const removed = new Map<ConnectionRecord, Partial<StoredTokens>>()
  try {
    for (let round = 0; round < maximumRounds; round++) {
      const found = await remove(context, owner)
      if (!found) break
      for (const [record, stored] of found) {
        const { refreshToken, accessToken } = held.get(record.connection.id) ?? {}
        removed.set(record, stored ?? { refreshToken, accessToken: accessToken?.value })
      }
    }
  } finally {
    hide()
  }
  const revocations = await Promise.all([...removed].map((entry) => revoke(context, entry)))
  return { revoked: revocations.every(({ revoked }) => revoked) }
}

/** Removes what there is of a user, and tells the other pages. Gives the connections with their stored tokens; `undefined`: there was nothing. */
async function remove(
  { platform: { clock, database, tabs } }: Context,
  owner: string,
): Promise<readonly (readonly [ConnectionRecord, StoredTokens | undefined])[] | undefined> {
  const entries = await database.entries()
  const own = entries.filter(
    ([key, value]) =>
      key === syncedKey(owner) || (Object(value) as { readonly subject?: unknown }).subject === owner,
  )
  if (own.length === 0) return undefined
  const records = own.filter(isConnectionRecord).map(([, record]) => record)
  const removed = [...own.map(([key]) => key), ...records.map(({ connection }) => tokensKey(connection.id))]
  const notes = records
    .filter(({ mode, persistent }) => mode === 'browser' && !persistent)
    // Other pages may have tokens that this one does not have.
    .map(({ connection }) => [disconnectedKey(connection.id), noteDisconnected(clock.now())])
  const stored = await database.change(
    records.map(({ connection }) => tokensKey(connection.id)),
    (current) => [
      { ...Object.fromEntries(removed.map((key) => [key, undefined])), ...Object.fromEntries(notes) },
      current as readonly (StoredTokens | undefined)[],
    ],
  )
  for (const { connection } of records) tabs.announce(connection.id)
  return records.map((record, index) => [record, stored[index]])
}

/** Has the tokens of a connection revoked that this browser had. */
async function revoke(
  context: Context,
  [{ mode, binding, connection }, tokens]: readonly [ConnectionRecord, Partial<StoredTokens>],
): Promise<Revocation> {
  const { refreshToken, accessToken } = tokens
  if (mode !== 'browser' || (refreshToken ?? accessToken) === undefined) return { revoked: true }
  const { id, provider } = connection
  try {
    const channel = await openChannel(context, provider)
    const all = { v: 1, expiresAt: undefined, binding, ...tokens, refreshToken, accessToken } as const
    const revocation = (await channel.revoke?.(all as StoredTokens)) ?? unrevoked('no_endpoint')
    context.emit('disconnected', id, provider)
    return revocation
  } catch (error) {
    return fromFailure(error)
  }
}
