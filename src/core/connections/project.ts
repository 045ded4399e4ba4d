import { asHeld } from '../as-held.js'
import type { Context } from '../context.js'
import { isConnectionRecord, type Connection } from '../records/connection.js'
import { isOfThisApp } from '../of-this-app.js'
import type { EndedTransaction } from '../records/transaction.js'

/** The records of one subject, as far as anybody is shown them. */
export interface Projection {
  /** Oldest first; of the same second, first those that need the person. */
  readonly connections: readonly Connection[]
  /** Ended transactions from which nobody came back, each with its key. */
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
      .sort((a, b) => a.connectedAt - b.connectedAt || Number(isGood(a)) - Number(isGood(b))),
    abandoned: own.filter(
      (entry): entry is [string, EndedTransaction] =>
        (entry[1] as EndedTransaction).outcome === 'abandoned' &&
        isOfThisApp(context, entry[1] as EndedTransaction),
    ),
  }
}

const isGood = ({ status }: Connection): boolean => status === 'connected'

/** The next list, with every item that did not change as the same object, so that nobody renders for it. */
export function keepIdentity<T extends { readonly id: string }>(
  next: readonly T[],
  previous: readonly T[],
): readonly T[] {
  const before = new Map(previous.map((item) => [item.id, item]))
  const kept = next.map((item) => {
    const same = before.get(item.id)
    return same && JSON.stringify(same) === JSON.stringify(item) ? same : item
  })
  return kept.length === previous.length && kept.every((item, index) => item === previous[index])
    ? previous
    : kept
}
