import type { CountersignError } from '../../protocol/errors.js'
import { asHeld, isConnectionRecord } from '../records/connection.js'
import type { Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import type { CommonInput } from '../input.js'
import { createStore } from '../readable-store.js'
import type { EndedTransaction, Transaction } from '../records/transaction.js'
import { syncedKey } from '../records/keys.js'
import type { Abandoned, Connections, ConnectionsState } from './connections-state.js'

const restoring: ConnectionsState = { status: 'restoring' }
const signInRequired: ConnectionsState = { status: 'sign_in_required' }

/** Keeps the connections of the present subject in memory, in step with IndexedDB and with the other tabs. */
export function createConnections(context: Omit<Context, 'connections'>): Connections {
  const { platform, subject, tokens } = context
  const { clock, database, tabs } = platform
  const store = createStore(restoring)
  const asked = new Map<string, number>()
  const mediator = Object.keys(context.providers).find((name) => context.providers[name]?.mode !== 'browser')
  let loads = 0
  /** The load whose result is shown. */
  let latest = 0
  let shown = subject()

  const toAbandoned = (key: string, { provider, input, createdAt }: EndedTransaction): Abandoned => {
    const id = key.slice(0, 16)
    const dismiss = async (): Promise<void> => {
      await database.change([], () => [{ [key]: undefined }, undefined])
      tabs.announce(id)
      await connections.load()
    }
    return {
      id,
      provider,
      startedAt: createdAt,
      dismiss,
      resume: async () => {
        await dismiss()
        return context.restart(provider, input satisfies CommonInput)
      },
    }
  }

  async function read(owner: string, first: boolean, swept = false): Promise<ConnectionsState> {
    // Before the records: a connection is stored before its tokens are held, so these all have one, or had.
    const held = [...tokens.keys()]
    const entries = await database.entries()
    if (!swept && entries.some(([, value]) => isOverdue(value, clock.now(), first))) {
      const { resumePending, expire } = await lazyParts()
      await expire(context)
      if (first) resumePending({ ...context, connections })
      return read(owner, first, true)
    }
    const synced = entries.find(([key]) => key === syncedKey(owner))?.[1]
    const isRecent = (at: unknown): boolean => Math.abs(clock.now() - Number(at ?? 0)) < synchronizeSeconds
    if (mediator !== undefined && !isRecent(synced) && !isRecent(asked.get(owner))) {
      asked.set(owner, clock.now())
      // Without an answer this page goes on with what it has, and the next one asks again.
      const synchronized = lazyParts()
        .then(({ synchronize }) => synchronize(context, owner, mediator))
        .catch(() => undefined)
      // What is known is shown at once; what changed on another device follows.
      void synchronized.then(() => connections.load())
      if (synced === undefined) {
        await synchronized
        return read(owner, first, swept)
      }
    }
    const own = entries.filter(([, value]) => (value as { subject?: unknown } | undefined)?.subject === owner)
    const found = own.filter(isConnectionRecord).map(([, record]) => asHeld(context, record))
    const lost = own.filter(
      (entry): entry is [string, EndedTransaction] => (entry[1] as EndedTransaction).outcome === 'abandoned',
    )
    for (const id of held) {
      // Disconnected in another tab, perhaps while this page was frozen.
      if (!found.some((connection) => connection.id === id)) tokens.delete(id)
    }
    found.sort((a, b) => a.connectedAt - b.connectedAt)
    const attempts = lost.map(([key, ended]) => toAbandoned(key, ended))
    const previous = store.get()
    if (previous.status !== 'ready') return { status: 'ready', connections: found, abandoned: attempts }
    const kept = keepIdentity(found, previous.connections)
    const abandoned = keepIdentity(attempts, previous.abandoned)
    return kept === previous.connections && abandoned === previous.abandoned
      ? previous
      : { status: 'ready', connections: kept, abandoned }
  }

  const connections: Connections = {
    get: store.get,
    subscribe: store.subscribe,
    signInRequired() {
      store.set(signInRequired)
    },
    async load() {
      const load = ++loads
      const owner = subject()
      if (owner !== shown) {
        store.set(restoring)
        // What is still being read is of the subject before.
        latest = load
        shown = owner
      }
      const next =
        owner === null
          ? signInRequired
          : await read(owner, load === 1).catch(
              (error: unknown) => ({ status: 'failed', error: error as CountersignError }) as const,
            )
      // Loads overtake each other, and there may be no end of them: each is shown unless a later one is already.
      if (load >= latest) {
        latest = load
        store.set(next)
      }
    },
  }
  return connections
}

/** How long the backend's list of connections is good: seconds. What ended meanwhile shows when it is used. */
const synchronizeSeconds = 3600

/** What did not change stays the same object, so that nobody renders for it. */
function keepIdentity<T extends { readonly id: string }>(
  next: readonly T[],
  previous: readonly T[],
): readonly T[] {
  const kept = next.map((item) => {
    const same = previous.find(({ id }) => id === item.id)
    return same && JSON.stringify(same) === JSON.stringify(item) ? same : item
  })
  return kept.length === previous.length && kept.every((item, index) => item === previous[index])
    ? previous
    : kept
}

/** Whether a stored value is a transaction that nobody completes any more; or may not, when the page is new. */
const isOverdue = (value: unknown, now: number, first: boolean): boolean => {
  const { v, phase, code, expiresAt = now } = Object(value) as Partial<Transaction>
  return v === 1 && phase !== undefined && (expiresAt < now || (first && code !== undefined))
}
