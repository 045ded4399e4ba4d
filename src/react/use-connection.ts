'use client'
import * as React from 'react'
import type { AnyClient, Client } from '../core/client.js'
import type { TokensStateOf } from '../core/connections/tokens-state.js'
import type { ProviderName } from '../core/provider.js'
import { useClient, type ClientOption } from './provider.js'
import type { RegisteredClient } from './register.js'

const restoring = { status: 'restoring' } as const
// One object: a fresh literal at every call would render for ever.
const getServerState = (): typeof restoring => restoring

/** Options of {@link useConnection}. */
export interface UseConnectionOptions<C extends AnyClient = RegisteredClient> extends ClientOption<C> {
  /**
   * The id of the connection.
   *
   * @defaultValue the newest; the same one for as long as the component is mounted and that one is good. On the callback page
   * the one that came of the response takes its place
   */
  readonly connection?: string | undefined
}

/**
 * One connected account, and the access to it. It holds no token: `getAccessToken` and `fetch` get one when it is needed,
 * and a refresh renders nothing.
 *
 * @throws {Error} when there is no client: no provider component above, and no `client` given.
 * @throws {TypeError} when the client has no such provider.
 * @example
 * ```tsx
 * import { useConnection } from 'countersign'
 *
 * export function Status() {
 *   const stitch = useConnection('stitch')
 *   return <p>{stitch.status === 'connected' ? 'Connected' : 'Not connected'}</p>
 * }
 * ```
 */
export function useConnection<
  C extends AnyClient = RegisteredClient,
  Name extends ProviderName<C['providers']> = ProviderName<C['providers']>,
>(provider: Name, options: UseConnectionOptions<C> = {}): TokensStateOf<C['providers'], Name> {
  const client: AnyClient = useClient(options)
  const { get, subscribe } = (client as Client).tokens(provider, options)
  return React.useSyncExternalStore<unknown>(subscribe, get, getServerState) as TokensStateOf<
    C['providers'],
    Name
  >
}

/** {@link useConnection} under the name of what it is mostly for. */
export const useTokens: typeof useConnection = useConnection
