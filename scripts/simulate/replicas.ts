import {
  createBackend,
  memoryStore,
  oidc,
  type Backend,
  type BackendProvider,
  type Store,
  type WebhookEvent,
} from '../../src/backend/index.js'
import { createRecords } from '../../src/backend/storage/records.js'
import { createSealing } from '../../src/backend/storage/sealing.js'
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
  /** A server of the app disconnects all that a user has connected. */
  readonly disconnectAll: (actor: Actor, subject: string) => void
  /** A job of the server renews what must be used within two days. */
  readonly renewDue: (actor: Actor) => void
  /** A replica of an older version writes every connection, as it knows them. */
  readonly writeAsBefore: (actor: Actor) => void
  /** What the bank has told the app about connections. */
  readonly heard: { readonly number: string; readonly subject: string; readonly id: string }[]
  /** What lies in the store, as text. */
  readonly stored: () => ReadonlyMap<string, string>
}

const key = Buffer.alloc(32, 7).toString('base64url')
const subjectKeySecret = Buffer.alloc(32, 8).toString('base64url')

/** Seconds after which a connection that nobody has used must be renewed by the person. */
const renewSeconds = 7 * 86_400
const soonSeconds = 2 * 86_400
/** Seconds for which connections are kept. */
const keptSeconds = 63_072_000

/** The bank: what it gives must be used in time, and it tells of what happens by signed webhooks. */
function asBank(provider: BackendProvider, now: () => number): BackendProvider {
  // One for each replica: keys are kept by it.
  const keyServer = { issuer, jwks_uri: `${issuer}/jwks` }
  return {
    ...provider,
    redeem: async (...given) => ({ ...(await provider.redeem(...given)), renewBy: now() + renewSeconds }),
    refresh: async (...given) => ({ ...(await provider.refresh?.(...given)), renewBy: now() + renewSeconds }),
    webhooks: {
      signature: { issuer, audience: clientId, server: () => Promise.resolve(keyServer) },
      nameOf: ({ sub }) => sub,
      read: ({ sub, jti }) => ({
        name: sub as string,
        events: [{ name: 'synced', kind: 'synced', detail: { number: jti as string } }],
      }),
    },
  }
}

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
  const hooks = new Map<Actor, ReturnType<Backend['webhooks']>>()
  const ends = new Map<Actor, () => void>()
  const hear = (event: WebhookEvent): void => {
    const { subject, id } = event
    if (event.verified) replicas.heard.push({ number: event.detail['number'] as string, subject, id })
  }
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
      // A job looks at a thousand days and parts of them that hold nothing: no step each.
      get: (name) =>
        name.startsWith('due:') && !texts.has(name)
          ? Promise.resolve(undefined)
          : use(`reads ${kindOf(name)}`, () => database.get(name)),
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
          bank: asBank(
            oidc({
              ...{ clientId, issuer, redirectUri: `${origin}/callback/bank`, scope: 'openid offline_access' },
              ...(mode === 'bff'
                ? { mode, api: `${issuer}/api`, routes: [{ method: 'GET', path: '/accounts' }] }
                : { mode }),
              authentication: 'none',
            }),
            () => scheduler.time,
          ),
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
    hooks.set(
      actor,
      runAs(actor, () => backend.webhooks({ onEvent: hear })),
    )
    return actor
  }

  const replicas: Replicas = {
    ...{ actors: [], failures, heard: [], stored: () => texts },
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
      const isWebhook = new URL(request.url).pathname.startsWith('/webhooks/')
      const handle = isWebhook ? hooks.get(actor) : backend
      return Promise.race([runAs(actor, async () => handle?.(request)), end])
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
    disconnectAll(actor, subject) {
      const { connections } = backends.get(actor) ?? {}
      const disconnect = async (): Promise<void> => {
        for (const { id } of (await connections?.list({ subject })) ?? [])
          await connections?.disconnect({ subject, id })
      }
      runAs(actor, disconnect).catch(() => undefined)
    },
    renewDue(actor) {
      const { connections } = backends.get(actor) ?? {}
      const renewBefore = scheduler.time + actor.clock.offset + soonSeconds
      const renew = async (): Promise<void> => {
        for await (const connection of connections?.due({ renewBefore }) ?? [])
          await connection.renew().catch(() => undefined)
      }
      runAs(actor, renew).catch(() => undefined)
    },
    writeAsBefore(actor) {
      const all = [...texts.keys()].filter((name) => name.startsWith('connection:'))
      const write = async (): Promise<void> => {
        const now = () => scheduler.time
        const records = createRecords(storeOf(actor), createSealing([key]), now, () => undefined)
        for (const name of all)
          await records.change<object, undefined>(name, (current) => ({
            ...(current && { write: { ...current, binding: undefined } }),
            until: now() + keptSeconds,
            result: undefined,
          }))
      }
      runAs(actor, write).catch(() => undefined)
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
