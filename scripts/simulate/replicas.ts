import { createBackend, memoryStore, oidc, type Backend, type Store } from '../../src/backend/index.js'
import { origin } from './browser.js'
import type { Network, Serve } from './network.js'
import { choose } from './random.js'
import { runAs, streams, type Actor, type Scheduler } from './scheduler.js'
import { clientId, issuer } from './server.js'

/** The replicas of the backend, on one store. */
export interface Replicas {
  readonly actors: Actor[]
  readonly serve: Serve
  /** How the next operations of the store fail: before they do anything, or after. */
  readonly failures: ('before' | 'after')[]
  /** Ends a replica, and starts another in its place. */
  readonly restart: (actor: Actor) => void
  /** A job of the server uses all connections of a user. */
  readonly useAll: (actor: Actor, subject: string) => void
  /** What lies in the store, as text. */
  readonly stored: () => ReadonlyMap<string, string>
}

const key = Buffer.alloc(32, 7).toString('base64url')
const subjectKeySecret = Buffer.alloc(32, 8).toString('base64url')

/** How many there are. */
const count = 2

export function createReplicas(
  scheduler: Scheduler,
  network: () => Network,
  mode: 'mediated' | 'bff',
): Replicas {
  // Nobody else's clock: a database has its own.
  const database = memoryStore({ now: () => scheduler.time })
  const texts = new Map<string, string>()
  const failures: ('before' | 'after')[] = []
  const backends = new Map<Actor, Backend>()
  const ends = new Map<Actor, () => void>()
  let started = 0
  let requests = 0

  const storeOf = (actor: Actor): Store => {
    const use = async <T>(label: string, work: () => Promise<T>): Promise<T> => {
      await scheduler.turn(`${actor.name}: ${label}`, actor, () => undefined)
      const failure = failures.shift()
      if (failure === 'before') throw new Error('the store does not answer')
      const result = await work()
      if (failure === 'after') throw new Error('the answer of the store is lost')
      return result
    }
    return {
      get: (name) => use(`reads ${kindOf(name)}`, () => database.get(name)),
      put: (name, value, version, until) =>
        use(`writes ${kindOf(name)}`, async () => {
          const isWritten = await database.put(name, value, version, until)
          if (isWritten) texts.set(name, value)
          return isWritten
        }),
      delete: (name) =>
        use(`deletes ${kindOf(name)}`, async () => {
          texts.delete(name)
          await database.delete(name)
        }),
    }
  }

  function start(): Actor {
    const actor: Actor = {
      ...{ name: `replica ${(started += 1)}`, kind: 'replica', alive: true, frozen: false },
      clock: { offset: 0 },
    }
    const backend = runAs(actor, () =>
      createBackend({
        providers: {
          bank: oidc({
            ...{ clientId, issuer, redirectUri: `${origin}/callback/bank`, scope: 'openid offline_access' },
            ...(mode === 'bff'
              ? { mode, api: `${issuer}/api`, routes: [{ method: 'GET', path: '/accounts' }] }
              : { mode }),
            authentication: 'none',
          }),
        },
        ...{ origins: [origin], keys: [key], subjectKeySecret, rateLimit: 'off', store: storeOf(actor) },
        session: ({ headers }) => {
          const subject = headers.get('x-session')
          return subject === null ? null : { subject }
        },
        clock: { now: () => scheduler.time + actor.clock.offset },
        fetch: network().fetchOf(actor),
      }),
    )
    backends.set(actor, backend)
    return actor
  }

  const replicas: Replicas = {
    ...{ actors: [], failures, stored: () => texts },
    serve(request) {
      const actor = choose(replicas.actors, scheduler.draw(streams.detail, 90, (requests += 1)))
      const backend = backends.get(actor)
      const end = new Promise<undefined>((resolve) => {
        const before = ends.get(actor)
        ends.set(actor, () => {
          before?.()
          resolve(undefined)
        })
      })
      return Promise.race([runAs(actor, async () => backend?.(request)), end])
    },
    useAll(actor, subject) {
      const { connections } = backends.get(actor) ?? {}
      const use = async (): Promise<void> => {
        for (const { id, status } of (await connections?.list({ subject })) ?? [])
          if (status === 'connected') await connections?.accessToken({ subject, id })
      }
      // Whatever comes of it: the next run of the job tries again.
      runAs(actor, use).catch(() => undefined)
    },
    restart(actor) {
      actor.alive = false
      scheduler.drop(actor)
      ends.get(actor)?.()
      replicas.actors.splice(replicas.actors.indexOf(actor), 1, start())
    },
  }
  for (let index = 0; index < count; index++) replicas.actors.push(start())
  return replicas
}

const kindOf = (name: string): string => name.split(':')[0] ?? ''
