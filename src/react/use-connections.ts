'use client'
import * as React from 'react'
import type { AnyClient, Client } from '../core/client.js'
import type { Abandoned, ConnectionsState, ConnectionsStore } from '../core/connections/connections-state.js'
import type { ConnectionOf } from '../core/provider.js'
import type { Connection } from '../core/records/connection.js'
import type { CountersignError } from '../protocol/errors.js'
import { useClient, type ClientOption } from './provider.js'
import type { RegisteredClient } from './register.js'
import { createSelection, isShallowEqual } from './selection.js'

const restoring = { status: 'restoring' } as const
// One object: a fresh literal at every call would render for ever.
const getServerState = (): ConnectionsState => restoring

/** Options of {@link useConnections} with `select`. */
export interface UseConnectionsOptions<T, C extends AnyClient = RegisteredClient> extends ClientOption<C> {
  /** Picks what the component shows, such as a count: it renders again only when that changes. May be written inline. */
  readonly select: (state: ConnectionsState<ConnectionOf<C['providers']>>) => T
  /**
   * Decides whether a selection is still the same: then the one before is kept, as the same object.
   *
   * @defaultValue the same value, or arrays or plain objects whose members are the same
   */
  readonly isEqual?: (previous: T, next: T) => boolean
}

/** The same, whatever is selected. */
interface AnyOptions extends ClientOption<AnyClient> {
  readonly select?: ((state: never) => unknown) | undefined
  readonly isEqual?: ((previous: never, next: never) => boolean) | undefined
}

/** Result of {@link useConnections} without `select`: the state, and the way to bring it up to date. */
export type UseConnectionsResult<C extends Connection = ConnectionOf<RegisteredClient['providers']>> =
  ConnectionsState<C> & {
    /** `undefined` unless `status` is `ready`. */
    readonly connections?: readonly C[] | undefined
    /** `undefined` unless `status` is `ready`. */
    readonly abandoned?: readonly Abandoned<C['provider']>[] | undefined
    /** `undefined` unless `status` is `failed`. */
    readonly error?: CountersignError | undefined
  } & Pick<ConnectionsStore<C>, 'refresh' | 'refreshAsync'>

/**
 * All connections of the app's user, over all providers, oldest first; and the attempts that never came back.
 *
 * @throws {Error} when there is no client: no provider component above, and no `client` given.
 * @example
 * ```tsx
 * import { useConnections } from 'countersign'
 *
 * export function List() {
 *   const { connections = [], refresh } = useConnections()
 *   return (
 *     <>
 *       <ul>{connections.map(({ id, provider }) => <li key={id}>{provider}</li>)}</ul>
 *       <button onClick={refresh}>Look again</button>
 *     </>
 *   )
 * }
 *
 * export function Count() {
 *   return <p>{useConnections({ select: ({ status }) => status })}</p>
 * }
 * ```
 */
export function useConnections<C extends AnyClient = RegisteredClient>(
  options?: ClientOption<C> & { readonly select?: undefined; readonly isEqual?: undefined },
): UseConnectionsResult<ConnectionOf<C['providers']>>
export function useConnections<T, C extends AnyClient = RegisteredClient>(
  options: UseConnectionsOptions<T, C>,
): T
export function useConnections({ client, select, isEqual = isShallowEqual }: AnyOptions = {}): unknown {
  const { connections } = useClient(client && { client }) as Client
  const [{ reader, commit }] = React.useState(createSelection)
  const [get, getServer] = React.useMemo(() => {
    const { refresh, refreshAsync } = connections
    const pick = select ?? ((state: ConnectionsState) => ({ ...state, refresh, refreshAsync }))
    return [reader(connections.get, pick, isEqual), reader(getServerState, pick, isEqual)]
  }, [connections, reader, select, isEqual])
  const selection = React.useSyncExternalStore(connections.subscribe, get, getServer)
  React.useEffect(() => {
    commit(selection)
  }, [commit, selection])
  return selection
}
