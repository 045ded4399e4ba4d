import type { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { inBackground } from '../in-background.js'
import { lazyParts } from '../lazy.js'
import { createStore } from '../readable-store.js'
import type { Connections, ConnectionsState } from './connections-state.js'
import { createReader } from './read.js'
import { createRestore } from './restore.js'

const restoring: ConnectionsState = { status: 'restoring' }
const signInRequired: ConnectionsState = { status: 'sign_in_required' }

/** Of a long list, only the connection that has changed is read; a short one whole: that shows also what nobody told of. */
const isLong = (state: ConnectionsState): boolean => state.status === 'ready' && state.connections.length > 50

const toState = (error: CountersignError): ConnectionsState =>
  error.code === 'sign_in_required' ? signInRequired : { status: 'failed', error }

/** Keeps the connections of the present subject in memory, in step with IndexedDB and with the other tabs. */
export function createConnections(context: Context): Connections {
  const { subject } = context
  const store = createStore(restoring)
  let loads = 0
  /** The load whose result is shown. */
  let latest = 0
  let shown = subject()
  const connections: Connections = {
    get: store.get,
    subscribe: store.subscribe,
    refresh: inBackground(() => connections.refreshAsync()),
    async refreshAsync() {
      await (await lazyParts()).refresh(context)
      await connections.load()
    },
    requireSignIn() {
      store.set(signInRequired)
    },
    fail(error) {
      store.set({ status: 'failed', error })
    },
    async load() {
      const owner = subject()
      if (owner === undefined) return
      const load = ++loads
      if (owner !== shown) {
        store.set(restoring)
        // What is still being read is of the subject before.
        latest = load
        shown = owner
      }
      const { state, isPart = false } =
        owner === null
          ? { state: signInRequired }
          : await read(owner).catch((error: unknown) => ({ state: toState(error as CountersignError) }))
      // Loads overtake each other, and there may be no end of them: each is shown unless a later one is already.
      if (load >= latest) {
        latest = load
        store.set(state)
      }
      // The rest follows, and is swept.
      if (isPart) void connections.load()
    },
    async follow(id) {
      const owner = subject()
      // One load that is under way would be dropped for this change.
      if (owner != null && isLong(store.get()) && latest === loads) {
        const load = ++loads
        const one = { owner, id, shown: store.get, restore }
        const next = await lazyParts()
          .then(({ readOne }) => readOne(context, one))
          .catch(() => undefined)
        if (next && load === loads) {
          latest = load
          store.set(next)
          return
        }
      }
      await connections.load()
    },
  }
  const restore = createRestore(context, () => void connections.load())
  const read = createReader(context, store.get, restore)
  return connections
}
