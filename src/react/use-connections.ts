'use client'
import * as React from 'react'
import type { Client } from '../core/client.js'
import type { ConnectionsState } from '../core/connections.js'
import { useClient, type ClientOption } from './provider.js'

const restoring: ConnectionsState = { status: 'restoring' }
const getServerState = (): ConnectionsState => restoring

/**
 * All connections of the app's user, over all providers, oldest first.
 *
 * @example
 * ```tsx
 * import { useConnections } from 'countersign'
 *
 * export function Count() {
 *   const state = useConnections()
 *   return <p>{state.status === 'ready' ? state.connections.length : '…'}</p>
 * }
 * ```
 */
export function useConnections(options?: ClientOption<Client>): ConnectionsState {
  const { connections } = useClient(options)
  return React.useSyncExternalStore(connections.subscribe, connections.get, getServerState)
}
