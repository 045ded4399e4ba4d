'use client'
import * as React from 'react'
import type { Client } from '../core/client.js'
import type { DetailsOf, ModeOf, UserinfoOf } from '../core/provider.js'
import type { TokensState } from '../core/connections/tokens.js'
import { useClient, type ClientOption } from './provider.js'
import type { ProviderName, RegisteredClient } from './register.js'

const restoring = { status: 'restoring' } as const

/** Options of {@link useTokens}. */
export interface UseTokensOptions<C extends Client> extends ClientOption<C> {
  /** The id of the connection. @defaultValue the newest; the same one for as long as the component is mounted */
  readonly connection?: string | undefined
}

/**
 * The access to one connected account. It holds no token: `getAccessToken` and `fetch` get one when it is needed, and a
 * refresh renders nothing.
 *
 * @example
 * ```tsx
 * import { useTokens } from 'countersign'
 *
 * export function Status() {
 *   const stitch = useTokens('stitch')
 *   return <p>{stitch.status === 'connected' ? 'Connected' : 'Not connected'}</p>
 * }
 * ```
 */
export function useTokens<
  C extends Client = RegisteredClient,
  Name extends ProviderName<C> = ProviderName<C>,
>(
  provider: Name,
  options: UseTokensOptions<C> = {},
): TokensState<
  DetailsOf<C['providers'][Name]>,
  ModeOf<C['providers'][Name]>,
  UserinfoOf<C['providers'][Name]>
> {
  type State = TokensState<
    DetailsOf<C['providers'][Name]>,
    ModeOf<C['providers'][Name]>,
    UserinfoOf<C['providers'][Name]>
  >
  const { get, subscribe } = useClient(options).tokens(provider, options)
  return React.useSyncExternalStore(subscribe, get, () => restoring) as State
}
