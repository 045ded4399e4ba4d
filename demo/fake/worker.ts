// The service worker behind `?fake`. It answers for the app's server and every bank, so the demo needs no server.
import { openFakeServer } from './app-server.js'

/** What is used of the worker's global scope: TypeScript has it beside that of pages only. */
interface WorkerScope {
  readonly registration: { readonly scope: string }
  readonly clients: { readonly claim: () => Promise<void> }
  readonly skipWaiting: () => Promise<void>
  readonly addEventListener: (type: string, listener: (event: WorkerEvent) => void) => void
}

interface WorkerEvent {
  readonly request: Request
  readonly waitUntil: (work: Promise<unknown>) => void
  readonly respondWith: (response: Promise<Response>) => void
}

/**
 * How long the worker lives on after a sign of life. What its banks know is kept, but not what a page has told them to do
 * next; and timers of a page in the background run once a minute.
 */
const lifeMs = 90_000

const scope = globalThis as unknown as WorkerScope
const { origin, pathname } = new URL(scope.registration.scope)
const server = openFakeServer({ origin, basePath: pathname.replace(/\/$/, '') })

scope.addEventListener('install', (event) => {
  event.waitUntil(scope.skipWaiting())
})
scope.addEventListener('activate', (event) => {
  event.waitUntil(scope.clients.claim())
})
scope.addEventListener('message', (event) => {
  event.waitUntil(new Promise((resolve) => setTimeout(resolve, lifeMs)))
})
scope.addEventListener('fetch', (event) => {
  const { request } = event
  if (new URL(request.url).origin !== origin) return
  event.respondWith(answer(request))
})

async function answer(request: Request): Promise<Response> {
  try {
    return (await (await server).answer(request)) ?? (await fetch(request))
  } catch {
    // What the network does when an answer is lost.
    return Response.error()
  }
}
