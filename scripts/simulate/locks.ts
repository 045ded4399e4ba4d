import type { Tabs } from '../../src/platform/tabs.js'
import type { Actor, Scheduler } from './scheduler.js'

interface Hold {
  readonly actor: Actor
  readonly mode: LockMode
  readonly grant: () => void
}

export interface Locks {
  readonly tabsOf: (actor: Actor) => Pick<Required<Tabs>, 'lock' | 'request'>
  /** Whether a document holds or awaits a lock: then it is not kept in the back/forward cache. */
  readonly isUsedBy: (actor: Actor) => boolean
  /** The browser frees what a document that is gone has held or waited for. */
  readonly free: (actor: Actor) => void
}

/** Web Locks, exclusive and shared: granted in turn, each grant a step of its own. */
export function createLocks(scheduler: Scheduler): Locks {
  const held = new Map<string, Hold[]>()
  const queues = new Map<string, Hold[]>()
  const listOf = (map: Map<string, Hold[]>, name: string): Hold[] => {
    const list = map.get(name) ?? []
    map.set(name, list)
    return list
  }
  const remove = (list: Hold[], hold: Hold): void => {
    const index = list.indexOf(hold)
    if (index >= 0) list.splice(index, 1)
  }
  const isFree = (name: string, mode: LockMode): boolean =>
    listOf(held, name).every((other) => mode === 'shared' && other.mode === 'shared')
  const grantNext = (name: string): void => {
    const queue = listOf(queues, name)
    for (let first = queue[0]; first && isFree(name, first.mode); first = queue[0]) {
      listOf(held, name).push(first)
      queue.shift()
      first.grant()
    }
  }

  async function hold<T>(
    actor: Actor,
    name: string,
    { mode = 'exclusive', ifAvailable = false, seconds }: LockOptions & { readonly seconds?: number },
    work: (lock: Lock | null) => Promise<T>,
  ): Promise<T> {
    await scheduler.turn(`${actor.name}: requests lock ${kindOf(name)}`, actor, () => undefined)
    if (ifAvailable && (listOf(queues, name).length > 0 || !isFree(name, mode))) return work(null)
    let own: Hold | undefined
    await new Promise<void>((resolve, reject) => {
      const stop =
        seconds === undefined
          ? () => undefined
          : scheduler.after(seconds, {
              ...{ label: `${actor.name}: gives up lock ${kindOf(name)}`, actor },
              run() {
                if (own) remove(listOf(queues, name), own)
                reject(new DOMException('The lock did not come free in time.', 'TimeoutError'))
              },
            })
      const grant = (): void => {
        stop()
        scheduler.add({ label: `${actor.name}: gets lock ${kindOf(name)}`, actor, run: resolve })
      }
      listOf(queues, name).push((own = { actor, mode, grant }))
      grantNext(name)
    })
    try {
      return await work({ name, mode })
    } finally {
      if (own) remove(listOf(held, name), own)
      grantNext(name)
    }
  }

  return {
    tabsOf: (actor) => ({
      lock: (name, seconds, work) => hold(actor, name, { seconds }, () => work()),
      request: (name, options, work) => hold(actor, name, options, work),
    }),
    isUsedBy: (actor) =>
      [held, queues].some((map) => [...map.values()].flat().some((hold) => hold.actor === actor)),
    free(actor) {
      for (const map of [held, queues])
        for (const list of map.values())
          for (const one of list.filter((other) => other.actor === actor)) remove(list, one)
      for (const name of queues.keys()) grantNext(name)
    },
  }
}

const kindOf = (name: string): string => name.split(':')[0] ?? ''
