'use client'
import * as React from 'react'
import type { CallbackState } from '../core/callback/callback.js'
import type { AnyClient } from '../core/client.js'
import type { ConnectionOf } from '../core/provider.js'
import type { ReadableStore } from '../core/readable-store.js'
import { useClient, type ClientOption } from './provider.js'
import type { RegisteredClient } from './register.js'

const none = { status: 'none' } as const
// One object: a fresh literal at every call would render for ever.
const getServerState = (): typeof none => none

/**
 * Outcome of the authorization response that this page was opened with. It only reads: the client took the response
 * when it was created, so any number of components may call this, in StrictMode, below Suspense or in a lazy route.
 *
 * @throws {Error} when there is no client: no provider component above, and no `client` given.
 * @example
 * ```tsx
 * import { useAuthorizationCallback } from 'countersign'
 *
 * export function Callback() {
 *   const callback = useAuthorizationCallback()
 *   return <p>{callback.status}</p>
 * }
 * ```
 */
export function useCallback<C extends AnyClient = RegisteredClient>(
  options?: ClientOption<C>,
): CallbackState<ConnectionOf<C['providers']>> {
  const client: AnyClient = useClient(options)
  const callback = client.callback as ReadableStore<CallbackState<ConnectionOf<C['providers']>>>
  return React.useSyncExternalStore(callback.subscribe, callback.get, getServerState)
}

/** {@link useCallback} under a name that lint rules do not take for React's own. */
export const useAuthorizationCallback: typeof useCallback = useCallback
