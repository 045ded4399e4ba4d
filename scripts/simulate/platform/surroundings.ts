// Web Locks and BroadcastChannel as the pages of a run have them.
import { currentActor, type Actor, type Scheduler } from '../scheduler.js'

/** How a browser has Web Locks, or has not. */
export type LockSupport = 'web' | 'none' | 'forbidden' | 'refused'

const forbidden = (): DOMException => new DOMException('The operation is insecure.', 'SecurityError')

/** What the pages find as `navigator`. */
export function createNavigator(scheduler: Scheduler, support: LockSupport): Pick<Navigator, 'locks'> {
  const queues = new Map<string, (() => void)[]>()
  const held = new Set<string>()
  const grantNext = (name: string): void => {
    if (held.has(name)) return
    const next = queues.get(name)?.shift()
    if (!next) return
    held.add(name)
    next()
  }
  async function request<T>(
    name: string,
    { signal }: LockOptions,
    work: (lock: Lock | null) => Promise<T>,
  ): Promise<T> {
    if (support === 'refused') throw forbidden()
    const actor = currentActor() ?? scheduler.world
    await new Promise<void>((resolve, reject) => {
      const grant = (): void => {
        signal?.removeEventListener('abort', give)
        scheduler.add({ label: `${actor.name}: gets a lock`, actor, run: resolve })
      }
      const give = (): void => {
        const queue = queues.get(name) ?? []
        queue.splice(queue.indexOf(grant), 1)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', give)
      queues.set(name, [...(queues.get(name) ?? []), grant])
      grantNext(name)
    })
    try {
      return await work({ name, mode: 'exclusive' })
    } finally {
      held.delete(name)
      grantNext(name)
    }
  }
  return {
    get locks() {
      if (support === 'forbidden') throw forbidden()
      return (support === 'none' ? undefined : { request }) as LockManager
    },
  }
}

/** Makes what the pages find as `BroadcastChannel`. */
export function createChannels(scheduler: Scheduler, isForbidden: boolean) {
  const all = new Set<Channel>()
  class Channel {
    readonly #owner: Actor
    readonly #listeners = new Set<(event: { readonly data: unknown }) => void>()
    readonly name: string
    constructor(name: string) {
      if (isForbidden) throw forbidden()
      this.name = name
      this.#owner = currentActor() ?? scheduler.world
      all.add(this)
    }
    addEventListener(_type: string, listener: (event: { readonly data: unknown }) => void): void {
      this.#listeners.add(listener)
    }
    removeEventListener(_type: string, listener: (event: { readonly data: unknown }) => void): void {
      this.#listeners.delete(listener)
    }
    postMessage(data: unknown): void {
      for (const other of all)
        if (other !== this && other.name === this.name)
          scheduler.add({
            label: `${other.#owner.name}: hears ${this.#owner.name}`,
            actor: other.#owner,
            run: () => other.#listeners.forEach((listener) => listener({ data: structuredClone(data) })),
          })
    }
    close(): void {
      all.delete(this)
    }
  }
  return Channel
}
