import type { ClientOptions } from '../core/index.js'
import { createClock, type KitClock } from './browser/clock.js'
import { createDatabase } from './browser/database.js'
import type { Browser } from './browser/page.js'
import { createSharedTabs } from './browser/tabs.js'
import { openBackend } from './network/backend.js'
import { createMemory, type Memory } from './memory.js'
import { createFaults, type Faults } from './network/faults.js'
import { createNetwork, type Network, type Servers } from './network/network.js'
import type { Randomness } from './random.js'
import { openServers, type ApiHandler } from './open-servers.js'

/** Everything outside the app's page: a browser, a network, the app's backend and the providers. */
export interface World {
  readonly browser: Browser
  readonly clock: KitClock
  readonly faults: Faults
  readonly network: Network
  /** Starts the servers, once. Rejects where the options cannot be served. */
  readonly servers: () => Promise<Servers>
  /** Who is signed in to the app at its backend. */
  session: string | null
}

/** What a world is made from. */
export interface WorldOptions {
  readonly client: Omit<ClientOptions, 'subject'>
  readonly origin: string
  readonly session: string | null
  readonly api: Readonly<Partial<Record<string, ApiHandler>>>
  /** Randomness for one part of the world, apart from that of the others. */
  readonly random: (part: 'backend' | 'pages' | 'servers') => Randomness
  /** Whether what the test begins with is there. */
  readonly isReady: () => boolean
  /** What backend and servers remember. @defaultValue nothing yet */
  readonly memory?: Memory
}

/** Makes a world. The servers start with the first request. */
export function createWorld(options: WorldOptions): World {
  const { client, origin, session, api, random, isReady, memory = createMemory() } = options
  const { providers, backend = '/connect', basePath = '', redirectUri } = client
  const clock = createClock()
  const faults = createFaults(isReady)
  let starting: Promise<Servers> | undefined
  const servers = (): Promise<Servers> => (starting ??= start())
  const network = createNetwork(servers, { clock, faults, origin })
  const address = typeof backend === 'string' ? backend : backend.url

  const backendRandom = random('backend')

  async function start(): Promise<Servers> {
    const { all, opened } = await openServers({
      providers,
      redirectUri: (name) => redirectUri?.(name) ?? `${origin}${basePath}/callback/${name}`,
      api,
      now: clock.now,
      random: random('servers'),
      memory,
      takeTampering: faults.takeTampering,
      fetchWithCertificate: network.fetchFor('backend', true),
    })
    return {
      all,
      backend: await openBackend({
        url: new URL(address, origin).href.replace(/\/+$/, ''),
        opened,
        origin,
        session: () => world.session,
        fetch: network.fetchFor('backend'),
        now: clock.now,
        memory,
        createId: () => backendRandom.text(16),
      }),
    }
  }

  const world: World = {
    browser: {
      origin,
      clock,
      database: createDatabase(),
      tabs: createSharedTabs(clock),
      fetch: network.fetchFor('page'),
      random: random('pages'),
      isOnline: () => !faults.isOffline(),
    },
    clock,
    faults,
    network,
    servers,
    session,
  }
  return world
}
