import { asHeld } from '../as-held.js'
import type { Context } from '../context.js'
import { isConnectionRecord, type Connection } from '../records/connection.js'
import type { Abandoned, ConnectionsState } from './connections-state.js'
import { isOfThisApp } from '../of-this-app.js'
import type { EndedTransaction } from '../records/transaction.js'

/** The records of one subject, as far as anybody is shown them. */
export interface Projection {
  /** Oldest first; of the same second, first those that need the person. */
  readonly connections: readonly Connection[]
  /** Ended transactions from which nobody came back, each with its key; oldest first. */
  readonly abandoned: readonly (readonly [key: string, ended: EndedTransaction])[]
}

/** Picks a subject's connections and abandoned attempts out of all entries of the database. */
export function project(
  context: Pick<Context, 'tokens' | 'providers' | 'redirectUri'>,
  entries: readonly [key: string, value: unknown][],
  subject: string,
): Projection {
  const own = entries.filter(([, value]) => (Object(value) as { subject?: unknown }).subject === subject)
  return {
    connections: own
      .filter(isConnectionRecord)
      .map(([, record]) => asHeld(context, record))
      .sort(inOrder),
    abandoned: own
      .filter(
        (entry): entry is [string, EndedTransaction] =>
          (entry[1] as EndedTransaction).outcome === 'abandoned' &&
          isOfThisApp(context, entry[1] as EndedTransaction),
      )
      .sort(([, a], [, b]) => a.createdAt - b.createdAt),
  }
}

/** The order of a list of connections. */
export const inOrder = (a: Connection, b: Connection): number =>
  a.connectedAt - b.connectedAt || Number(isGood(a)) - Number(isGood(b)) || (a.id < b.id ? -1 : 1)

const isGood = ({ status }: Connection): boolean => status === 'connected'

/** The next list, with every item that did not change as the same object, so that nobody renders for it. */
export function keepIdentity<T extends { readonly id: string }>(
  next: readonly T[],
  previous: readonly T[],
): readonly T[] {
  const before = new Map(previous.map((item) => [item.id, item]))
  const kept = next.map((item) => {
    const same = before.get(item.id)
    return same && (same === item || JSON.stringify(same) === JSON.stringify(item)) ? same : item
  })
  return kept.length === previous.length && kept.every((item, index) => item === previous[index])
    ? previous
    : kept
}

/** The state that follows: every list and item that did not change is the same object. */
export function merge(
  previous: ConnectionsState,
  connections: readonly Connection[],
  attempts: readonly Abandoned[],
): ConnectionsState {
  if (previous.status !== 'ready') return { status: 'ready', connections, abandoned: attempts }
  const kept = keepIdentity(connections, previous.connections)
  const abandoned = keepIdentity(attempts, previous.abandoned)
  return kept === previous.connections && abandoned === previous.abandoned
    ? previous
    : { status: 'ready', connections: kept, abandoned }
}
