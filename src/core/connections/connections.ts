import type { CountersignError } from '../../protocol/errors.js'
import type { Context } from '../context.js'
import { inBackground } from '../in-background.js'
import { lazyParts } from '../lazy.js'
import { createStore } from '../readable-store.js'
import type { Connection } from '../records/connection.js'
import type { Abandoned, Connections, ConnectionsState } from './connections-state.js'
import { keepIdentity, project } from './project.js'
import { createRestore } from './restore.js'

const restoring: ConnectionsState = { status: 'restoring' }
const signInRequired: ConnectionsState = { status: 'sign_in_required' }

const toState = (error: CountersignError): ConnectionsState =>
  error.code === 'sign_in_required' ? signInRequired : { status: 'failed', error }

/** Keeps the connections of the present subject in memory, in step with IndexedDB and with the other tabs. */
export function createConnections(context: Context): Connections {
  const { platform, subject, tokens } = context
  const store = createStore(restoring)
  let loads = 0
  /** The load whose result is shown. */
  let latest = 0
  let shown = subject()

  async function read(owner: string): Promise<ConnectionsState> {
    // Before the records: a connection is stored before its tokens are held, so these all have one, or had.
    const held = tokens.ids()
    let entries = await platform.database.entries()
    if (await restore(owner, entries)) entries = await platform.database.entries()
    const found = project(context, entries, owner)
    for (const id of held) {
      // Disconnected in another tab, perhaps while this page was frozen; or storage was cleared.
      if (!found.connections.some((connection) => connection.id === id)) tokens.forget(id, entries)
    }
    const attempts =
      found.abandoned.length > 0 ? (await lazyParts()).toAbandoned(context, found.abandoned) : []
    return merge(store.get(), found.connections, attempts)
  }

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
      const next =
        owner === null
          ? signInRequired
          : await read(owner).catch((error: unknown) => toState(error as CountersignError))
      // Loads overtake each other, and there may be no end of them: each is shown unless a later one is already.
      if (load >= latest) {
        latest = load
        store.set(next)
      }
    },
  }
  const restore = createRestore(context, () => void connections.load())
  return connections
}

/** The state that follows: every list and item that did not change is the same object. */
function merge(
  previous: ConnectionsState,
  connections: readonly Connection[],
  attempts: readonly Abandoned[],
): ConnectionsState {
  if (previous.status !== 'ready') return { status: 'ready', connections, abandoned: attempts }
  const kept = keepIdentity(connections, previous.connections)
  const abandoned = keepIdentity(attempts, previous.abandoned)
  return kept === previous.connections && abandoned === previous.abandoned
    ? previous
    : { status: 'ready', connections: kept, abandoned }
}
