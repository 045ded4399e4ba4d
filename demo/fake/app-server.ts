import { createStore, get, set } from 'idb-keyval'
import { pageHeaders, isPage, withBase, withConfiguration, withShell } from '../document.js'
import { createMemory, type Memory } from '../../src/testing/memory.js'
import { createWorld, type World } from '../../src/testing/world.js'
import { systemRandomness } from '../../src/testing/random.js'
import { userOf } from '../users.js'
import { apis } from './accounts.js'
import { answerAsset } from './bank-pages.js'
import { createControls } from './controls.js'
import { createAddresses, createConfiguration, createInsideProviders, type Place } from './providers.js'
import { createVisits } from './visits.js'

/** The app's server and all its banks. */
export interface FakeServer {
  /** Answers a request of one of the demo's pages; `undefined` for a file. */
  readonly answer: (request: Request) => Promise<Response | undefined>
}

/** What outlives the worker: who is signed in to the app, as by a cookie, and what the banks know. */
const kept = createStore('lasagna-fake', 'kept')

/** What the banks know, as it is kept. */
interface KeptBanks {
  /** Of the banks themselves: another one where they have forgotten everything. */
  readonly run: string
  readonly all: Memory['all']
}

/** Under another name when what the kit remembers has another shape: the banks then start anew. */
const banksKey = 'banks-1'

/** Opens a {@link FakeServer} on the kit: real signatures, real PKCE, the real reference backend. */
export async function openFakeServer(place: Place): Promise<FakeServer> {
  // A browser that keeps nothing has banks that know what happens until it ends the worker.
  const former = await get<KeptBanks>(banksKey, kept).catch(() => undefined)
  const { run, all } = former ?? { run: crypto.randomUUID(), all: undefined }
  const memory = createMemory(all)
  const server = createFakeServer(place, memory, run)
  let saving = Promise.resolve()
  const save = (): Promise<void> =>
    (saving = saving.then(() => set(banksKey, { run, all: memory.all }, kept)).catch(() => undefined))
  return {
    async answer(request) {
      const response = await server.answer(request)
      // Before anybody relies on it: the browser may end the worker at any moment.
      if (response) await save()
      return response
    },
  }
}

function createFakeServer(place: Place, memory: Memory, run: string): FakeServer {
  const { origin, basePath } = place
  const addresses = createAddresses(place)
  const world: World = createWorld({
    client: {
      providers: createInsideProviders(createConfiguration(place, 'only'), addresses),
      backend: `${basePath}/connect`,
      basePath,
    },
    origin,
    session: null,
    api: apis,
    random: () => systemRandomness,
    isReady: () => true,
    memory,
  })
  const controls = createControls(world)
  const visits = createVisits(place, world, controls, memory)

  async function answer(request: Request): Promise<Response | undefined> {
    const url = new URL(request.url)
    if (!url.href.startsWith(`${origin}${basePath}/`)) return undefined
    const path = url.pathname.slice(basePath.length)
    const own =
      (await answerApp(path, request)) ??
      (await controls.answer(path, request)) ??
      answerAsset(path, basePath) ??
      (await visits.answer(path, request))
    if (own) return own
    if (request.mode === 'navigate') return (await openBank(url)) ?? answerPage(path)
    return answerByKit(request)
  }

  async function answerApp(path: string, request: Request): Promise<Response | undefined> {
    return path === '/session' ? answerSession(request) : undefined
  }

  /** Somebody opens the authorization URL of a bank. */
  async function openBank(url: URL): Promise<Response | undefined> {
    const inside = new URL(addresses.toInside(url.href))
    const { all } = await world.servers()
    const server = all.find((one) => one.endpointOf(inside) === 'authorization')
    return server && visits.open(server, inside)
  }

  async function answerPage(path: string): Promise<Response | undefined> {
    if (/\.\w+$/.test(path)) return undefined
    if (path.startsWith('/callback/') && controls.takeLostSession()) await set('user', null, kept)
    const response = await fetch(`${basePath}/`, { cache: 'no-cache' })
    const plain = await response.text()
    const isServed = /id="configuration">\s*\{/.test(plain)
    const document = withShell(withBase(plain, basePath), path)
    return new Response(
      withConfiguration(document, { ...createConfiguration(place, isServed ? 'chosen' : 'only'), run }),
      {
        status: isPage(path.replace(/(.)\/$/, '$1')) ? 200 : 404,
        headers: {
          ...pageHeaders([]),
          'content-type': 'text/html; charset=utf-8',
          'cache-control': 'no-store',
        },
      },
    )
  }

  async function answerByKit(request: Request): Promise<Response | undefined> {
    world.session = (await get<string | null>('user', kept)) ?? null
    const inside = await toInside(request)
    const response = await world.network.handle(inside)
    if (!response?.headers.get('content-type')?.includes('json')) return response
    const { status, headers } = response
    return new Response(addresses.toOutside(await response.text()), { status, headers })
  }

  async function toInside(request: Request): Promise<Request> {
    const { method, headers } = request
    const url = addresses.toInside(request.url)
    const body = method === 'GET' || method === 'HEAD' ? undefined : await request.clone().text()
    return new Request(url, { method, headers, ...(body !== undefined && { body }) })
  }

  return { answer }
}

/** Who is signed in, and signing in and out. */
async function answerSession(request: Request): Promise<Response> {
  if (request.method === 'POST') {
    const { user } = (await request.json()) as { readonly user?: unknown }
    await set('user', userOf(user)?.id ?? null, kept)
  }
  return Response.json({ user: userOf(await get('user', kept))?.id ?? null })
}
