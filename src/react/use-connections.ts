'use client'
import * as React from 'react'
import type { Client } from '../core/client.js'
import type { ConnectionsState } from '../core/connections/connections-state.js'
import { useClient, type ClientOption } from './provider.js'

const restoring: ConnectionsState = { status: 'restoring' }

/** Options of {@link useConnections}. */
export interface UseConnectionsOptions<T> extends ClientOption<Client> {
  /** Picks what the component shows, such as a count: it renders again only when that changes. */
  readonly select?: (state: ConnectionsState) => T
}

/**
 * All connections of the app's user, over all providers, oldest first; and the attempts that never came back.
 *
 * @example
 * ```tsx
 * import { useConnections } from 'countersign'
 *
 * export function Count() {
 *   const count = useConnections({ select: (state) => (state.status === 'ready' ? state.connections.length : 0) })
 *   return <p>{count}</p>
 * }
 * ```
 */
export function useConnections<T = ConnectionsState>({ client, select }: UseConnectionsOptions<T> = {}): T {
  const { connections } = useClient(client && { client })
  const get = React.useMemo(
    () => memoize(connections.get, select ?? ((state) => state as T)),
    [connections, select],
  )
  const getServerState = React.useMemo(
    () => memoize(() => restoring, select ?? ((state) => state as T)),
    [select],
  )
  return React.useSyncExternalStore(connections.subscribe, get, getServerState)
}

/** The selection, the same object for as long as it is equal: a fresh one at every call would render for ever. */
function memoize<T>(get: () => ConnectionsState, select: (state: ConnectionsState) => T): () => T {
  let known: { readonly state: ConnectionsState; readonly selection: T } | undefined
  return () => {
    const state = get()
    if (known?.state !== state) {
      const selection = select(state)
      known = { state, selection: known && isEqual(known.selection, selection) ? known.selection : selection }
    }
    return known.selection
  }
}

/** Equal, or two lists of the same items. */
function isEqual(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return Object.is(a, b)
  return a.length === b.length && a.every((item, index) => Object.is(item, b[index]))
}
