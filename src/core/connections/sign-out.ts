import { StorageError } from '../../protocol/errors.js'
import { fromFailure, unrevoked, type Revocation } from '../../protocol/revocation-result.js'
import { openChannel } from '../channel/open-channel.js'
import { providerOf, type Context } from '../context.js'
import type { ConnectionTokens } from '../held-tokens.js'
import { isConnectionRecord, type Connection, type ConnectionRecord } from '../records/connection.js'
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

/** What the page that signs a user out has of theirs. */
export interface OfPage {
  /** The tokens in its memory, by connection. */
  readonly held: ReadonlyMap<string, ConnectionTokens | undefined>
  /** The connections that it knows. */
  readonly known: readonly Connection[]
  /** Ends the user's session in this page, and tells the others. */
  readonly hide: () => void
}

/** A connection's tokens that are to be revoked, and where they go for that. */
type Revocable = readonly [
  from: Pick<ConnectionRecord, 'mode' | 'binding' | 'connection'>,
  tokens: Partial<StoredTokens>,
]

/**
 * Removes everything of a user from this browser, hides it, and has the tokens of `browser` mode revoked. What a backend keeps
 * stays there. Storage comes first: a page that is left meanwhile leaves nothing behind.
 *
 * @throws {StorageError} when not everything was removed. What was removed, and what this page has in memory, is revoked, and
 * everything is hidden all the same.
 */
export async function signOut(
  context: Context,
  owner: string,
  { held, known, hide }: OfPage,
): Promise<SignedOut> {
  // Revoked below, and not by whoever notices that they are gone.
  for (const id of held.keys()) context.tokens.forget(id, [])
  const sources = new Map<string, Revocable[0]>()
  for (const connection of known.filter(({ id }) => held.has(id)))
    sources.set(connection.id, { mode: providerOf(context, connection.provider).channel.mode, connection })
  const revocable: Revocable[] = []
  const left = new Map(held)
  let revocations: Promise<Revocation[]>
  try {
    await removeAll(context, owner, ([record, stored]) => {
      const { id } = record.connection
      sources.set(id, record)
      // The same, or newer than what this page has.
      if (stored) {
        left.delete(id)
        revocable.push([record, stored])
      }
    })
  } finally {
    hide()
    for (const [id, tokens] of left) {
      const source = sources.get(id)
      if (source)
        revocable.push([
          source,
          { refreshToken: tokens?.refreshToken, accessToken: tokens?.accessToken?.value },
        ])
    }
    revocations = Promise.all(revocable.map((entry) => revoke(context, entry)))
    await revocations
  }
  return { revoked: (await revocations).every(({ revoked }) => revoked) }
}

type Removed = readonly [record: ConnectionRecord, stored: StoredTokens | undefined]

/** Removes everything until nothing is found. @throws {StorageError} when that cannot be, or there is always something new. */
async function removeAll(
  context: Context,
  owner: string,
  onRemoved: (removed: Removed) => void,
): Promise<void> {
  for (let round = 0; round < maximumRounds; round++) {
    const found = await remove(context, owner)
    if (!found) return
    found.forEach(onRemoved)
  }
  throw new StorageError()
}

/** Removes what there is of a user, and tells the other pages. Gives the connections with their stored tokens; `undefined`: there was nothing. */
async function remove(
  { platform: { clock, database, tabs } }: Context,
  owner: string,
): Promise<readonly Removed[] | undefined> {
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
  [{ mode, binding, connection }, tokens]: Revocable,
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
