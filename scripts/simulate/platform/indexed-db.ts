// IndexedDB as the pages of a run have it: fake-indexeddb, whose every task waits for the scheduler, and what browsers do to it.
import { forceCloseDatabase, IDBFactory, IDBObjectStore } from 'fake-indexeddb'
import { currentActor, type Actor, type Scheduler } from '../scheduler.js'

/** What becomes of the next database that is opened, or of the next value that is written. */
export type StorageFault = 'never' | 'late' | 'refused' | 'full'

/** Seconds after which a database opens late: longer than anybody waits for it. */
const lateSeconds = 20

/** A connection to a database that is open. */
interface Connection {
  readonly owner: Actor
  readonly database: IDBDatabase
}

export interface IndexedDb {
  /** What the pages find as `indexedDB`. */
  readonly factory: Pick<IDBFactory, 'open'>
  /** The same without any fault. */
  readonly real: IDBFactory
  readonly faults: StorageFault[]
  readonly connections: Connection[]
  /** Closes a connection as a browser does: with the event, or without a word. */
  readonly close: (connection: Connection, isTold: boolean) => void
  /** Deletes a database, and calls back when it is gone. */
  readonly clear: (name: string, onCleared: () => void) => void
}

const put = Reflect.get(IDBObjectStore.prototype, 'put') as (
  this: IDBObjectStore,
  ...input: Parameters<IDBObjectStore['put']>
) => IDBRequest<IDBValidKey>

export function createIndexedDb(scheduler: Scheduler): IndexedDb {
  const real = new IDBFactory()
  const faults: StorageFault[] = []
  const connections: Connection[] = []
  const owner = (): Actor => currentActor() ?? scheduler.world
  const takeFault = (...wanted: readonly StorageFault[]): StorageFault | undefined => {
    const index = faults.findIndex((fault) => wanted.includes(fault))
    return index < 0 ? undefined : faults.splice(index, 1)[0]
  }
  const note = (actor: Actor, request: IDBOpenDBRequest): void => {
    request.addEventListener('success', () => connections.push({ owner: actor, database: request.result }))
  }
  // The disk is full: a write that looked good is undone.
  IDBObjectStore.prototype.put = function (this: IDBObjectStore, ...input) {
    const request = put.apply(this, input)
    const { transaction } = this
    if (takeFault('full'))
      scheduler.add({
        label: 'the disk is full',
        actor: scheduler.world,
        run() {
          try {
            transaction.abort()
          } catch {
            // It was committed before.
          }
        },
      })
    return request
  }
  const openLate = (actor: Actor, name: string): IDBOpenDBRequest => {
    const shown = {} as { -readonly [Member in keyof IDBOpenDBRequest]: IDBOpenDBRequest[Member] }
    const run = (): void => {
      const request = real.open(name)
      note(actor, request)
      for (const type of ['upgradeneeded', 'success', 'error'] as const)
        request.addEventListener(type, (event) => {
          if (type !== 'error') shown.result = request.result
          const hear = shown[`on${type}`] as ((event: Event) => void) | null | undefined
          hear?.call(request, event)
        })
    }
    scheduler.after(lateSeconds, { label: `${actor.name}: the database opens after all`, actor, run })
    return shown
  }
  return {
    ...{ real, faults, connections },
    factory: {
      open(name) {
        const actor = owner()
        const fault = takeFault('never', 'late', 'refused')
        scheduler.note(`  ${actor.name} opens ${name}${fault ? ` (${fault})` : ''}`)
        if (fault === 'refused') throw new DOMException('Site data is blocked.', 'SecurityError')
        if (fault === 'never') return {} as IDBOpenDBRequest
        if (fault === 'late') return openLate(actor, name)
        const request = real.open(name)
        note(actor, request)
        return request
      },
    },
    close(connection, isTold) {
      connections.splice(connections.indexOf(connection), 1)
      const { database } = connection
      if (isTold) forceCloseDatabase(database as never)
      else database.close()
    },
    clear(name, onCleared) {
      real.deleteDatabase(name).addEventListener('success', onCleared)
    },
  }
}
