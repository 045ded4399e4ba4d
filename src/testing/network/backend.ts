import { createBackend, type Fetch } from '../../backend/index.js'
import type { OpenedProvider } from '../kinds/kind.js'
import { jsonOf, type ServerRequest } from '../servers/http.js'
import { encodeBytes } from '../servers/jwt.js'
import type { Memory } from '../memory.js'
import { storeIn } from './backend-store.js'
import type { BackendEndpoint } from './requests.js'

/** The app's backend: the real one, in memory. */
export interface KitBackend {
  /** Base URL of the contract, without a slash at its end. */
  readonly url: string
  readonly answer: (request: ServerRequest) => Promise<Response>
}

/** What the backend needs. */
export interface KitBackendOptions {
  readonly url: string
  readonly opened: Readonly<Record<string, OpenedProvider>>
  /** The origin of the app's pages. */
  readonly origin: string
  /** Who is signed in to the app; `null` for nobody. */
  readonly session: () => string | null
  readonly fetch: Fetch
  readonly now: () => number
  /** Where it keeps connections. */
  readonly memory: Memory
  /** Makes the id of a connection. */
  readonly createId: () => string
}

/** Facts about the app's user that a provider may ask the backend for. */
const claims = {
  userEmail: 'ada@example.com',
  userName: 'Ada Lovelace',
  companyEin: '12-3456789',
  companyName: 'Analytical Engines, LLC',
}

/** No secret: always the same, so that a memory that was saved still has the user's connections. */
const subjectKeySecret = encodeBytes(new TextEncoder().encode('the-testing-kit-hides-no-subject'))

/** Makes the backend, with those providers that have a half there; `undefined` where there is none. */
export async function openBackend(options: KitBackendOptions): Promise<KitBackend | undefined> {
  const { url, opened, origin, session, fetch, now, memory, createId } = options
  const entries = Object.entries(opened).flatMap(([name, { backend }]) =>
    backend ? [[name, backend] as const] : [],
  )
  if (entries.length === 0) return undefined
  const { pathname } = new URL(url)
  const handle = createBackend({
    origins: [origin],
    cors: true,
    store: storeIn(memory.map('backend'), now),
    subjectKeySecret,
    rateLimit: 'off',
    clock: { now },
    createId,
    fetch,
    basePath: pathname === '/' ? '' : pathname,
    providers: Object.fromEntries(entries),
    session: () => {
      const subject = session()
      return subject === null ? null : { subject, claims }
    },
  })
  await handle.ready
  return { url, answer: (request) => handle(toWebRequest(admit(request, url, opened), origin)) }
}

/** Lets the providers accept what the page chose, where that is the app's own affair. */
function admit(request: ServerRequest, url: string, opened: KitBackendOptions['opened']): ServerRequest {
  const [name = '', part] = request.url.href.slice(url.length + 1).split('/')
  const provider = Object.hasOwn(opened, name) ? opened[name] : undefined
  if (part !== 'authorization' || !provider?.admit) return request
  const { input, ...body } = jsonOf(request)
  const admitted = provider.admit(input as Parameters<typeof provider.admit>[0])
  return { ...request, body: JSON.stringify({ ...body, ...(admitted && { input: admitted }) }) }
}

/** A `Request` as a browser sends it. No script may set `Origin` on one, so it gets headers and body of its own. */
function toWebRequest({ method, url, headers, body }: ServerRequest, origin: string): Request {
  const request = new Request(url.href, { method })
  // Copied one by one: Mock Service Worker keeps notes of its own on Headers, and a copy of them would lose some.
  const own = new Headers([...headers])
  own.set('origin', origin)
  Object.defineProperty(request, 'headers', { value: own })
  Object.defineProperty(request, 'body', { value: body === '' ? null : new Response(body).body })
  return request
}

/** Which call of the contract a path below its base is, and about which provider. */
export function contractCallOf(
  method: string,
  path: string,
): { readonly provider: string | undefined; readonly endpoint: BackendEndpoint } {
  const [first = '', , third] = path.split('/')
  if (first !== 'connections')
    return { provider: first, endpoint: path.endsWith('/token') ? 'token' : 'authorization' }
  const endpoint =
    third === 'access-token' || third === 'resource'
      ? third
      : method === 'DELETE'
        ? 'disconnect'
        : 'connections'
  return { provider: undefined, endpoint }
}
