'use client'
import * as React from 'react'
import type { Authorization } from '../core/authorize/authorization.js'
import type { AuthorizationState } from '../core/authorize/authorization-state.js'
import type { Client } from '../core/client.js'
import type { InputArgument } from '../core/provider.js'
import type { CountersignError } from '../protocol/errors.js'
import { useClient, type ClientOption } from './provider.js'
import type { ProviderName, RegisteredClient } from './register.js'

/** Result of {@link useAuthorize}: the state, and functions that work as event handlers. */
export type UseAuthorizeResult = AuthorizationState & {
  /** `undefined` unless `status` is `failed`. */
  readonly error?: CountersignError | undefined
} & Pick<Authorization, 'authorize' | 'prepare'>

const idle: AuthorizationState = { status: 'idle' }
const getServerState = (): AuthorizationState => idle

/**
 * Connects an account: `authorize` sends the person to the provider, `prepare` does ahead what it can. Both keep their
 * identity for as long as provider and input are equal.
 *
 * Do not disable the button while `status` is `leaving`: the page may not leave (the bank answers with a download, the
 * person stops the navigation), and the next click tries again. Clicks until the page leaves are one.
 *
 * @example
 * ```tsx
 * import { useAuthorize } from 'countersign'
 *
 * export function Connect() {
 *   const { authorize, prepare, status } = useAuthorize('stitch', { returnTo: '/accounts' })
 *   return (
 *     <button onPointerEnter={prepare} onClick={authorize}>
 *       {status === 'leaving' ? 'One moment…' : 'Connect'}
 *     </button>
 *   )
 * }
 * ```
 */
export function useAuthorize<
  C extends Client = RegisteredClient,
  Name extends ProviderName<C> = ProviderName<C>,
>(
  provider: Name,
  ...[input, options]: [...InputArgument<C['providers'][Name]>, options?: ClientOption<C>]
): UseAuthorizeResult {
  const client = useClient(options as ClientOption<C> | undefined)
  const { authorize, prepare, get, subscribe } = client.authorization(provider, input)
  const state = React.useSyncExternalStore(subscribe, get, getServerState)
  return React.useMemo(() => ({ ...state, authorize, prepare }), [state, authorize, prepare])
}
