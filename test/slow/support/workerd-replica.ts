// A replica in workerd, in the place of the example's own backend. `/pass?seconds=` moves its clock on.
import type { Store } from 'countersign/backend'
import { createReplicaBackend, type ReplicaSetup } from './replica-backend.js'

export function createHandler(
  { SETUP }: { readonly SETUP: string },
  store: Store,
): (request: Request) => Promise<Response> {
  let passed = 0
  const setup = JSON.parse(SETUP) as ReplicaSetup
  const backend = createReplicaBackend(setup, store, () => Date.now() / 1000 + passed)
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/health') return Response.json(await backend.health())
    if (pathname !== '/pass') return backend(request)
    passed += Number(searchParams.get('seconds'))
    return new Response()
  }
}
