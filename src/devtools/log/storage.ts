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
  /** Removes these events, and no other: other pages add some at any time. */
  readonly remove: (events: readonly InspectedEvent[]) => Promise<void>
  /** Removes every event. */
  readonly clear: () => Promise<void>
}

/** Keeps nothing: the log itself has everything. */
export const inMemory: LogStorage = {
  read: () => Promise.resolve(undefined),
  add: () => Promise.resolve(),
  show: () => Promise.resolve(),
  remove: () => Promise.resolve(),
  clear: () => Promise.resolve(),
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
    remove: (events) => inTurn(() => write(Object.fromEntries(events.map(({ id }) => [id, undefined])))),
    clear: () =>
      inTurn(async () => {
        const keys = (await database.entries()).map(([key]) => key).filter((key) => key !== viewKey)
        await write(Object.fromEntries(keys.map((key) => [key, undefined])))
      }),
  }
}
