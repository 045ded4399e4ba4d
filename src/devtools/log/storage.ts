import type { Database } from '../../platform/database.js'
import type { InspectedEvent } from './event.js'

/** How the panel is shown. */
export interface View {
  readonly isOpen: boolean
  readonly tab: string
}

/** What lies in the database of a log. */
export interface Stored {
  readonly events: readonly InspectedEvent[]
  readonly view: View | undefined
}

/** The database of a log. Where IndexedDB cannot be used it does nothing: the log is of one page then. */
export interface LogStorage {
  readonly read: () => Promise<Stored | undefined>
  readonly add: (event: InspectedEvent) => Promise<void>
  readonly show: (view: View) => Promise<void>
  /** Removes all events but these. */
  readonly keep: (events: readonly InspectedEvent[]) => Promise<void>
}

const viewKey = 'view'

const isEvent = (value: unknown): value is InspectedEvent => (Object(value) as { v?: unknown }).v === 1

/** Keeps a log in a database. Everything happens in the order in which it is asked for. */
export function createStorage(database: Database): LogStorage {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T | undefined> => {
    const next = last.then(work).catch(() => undefined)
    last = next
    return next
  }
  const write = (values: Readonly<Record<string, unknown>>): Promise<void> =>
    database.change([], () => [values, undefined])
  return {
    read: () =>
      inTurn(async () => {
        const entries = await database.entries()
        const view = entries.find(([key]) => key === viewKey)?.[1] as View | undefined
        return { events: entries.map(([, value]) => value).filter(isEvent), view }
      }),
    add: (event) => inTurn(() => write({ [event.id]: event })),
    show: (view) => inTurn(() => write({ [viewKey]: view })),
    keep: (events) =>
      inTurn(async () => {
        const kept = new Set([viewKey, ...events.map(({ id }) => id)])
        const gone = (await database.entries()).map(([key]) => key).filter((key) => !kept.has(key))
        if (gone.length > 0) await write(Object.fromEntries(gone.map((key) => [key, undefined])))
      }),
  }
}
