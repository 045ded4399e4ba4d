'use client'
import * as React from 'react'
import type { CallbackState } from '../core/callback/callback.js'
import type { Client } from '../core/client.js'
import { useClient, type ClientOption } from './provider.js'

const none: CallbackState = { status: 'none' }
// One object: a fresh literal at every call would render for ever.
const getServerState = (): CallbackState => none

/**
 * Outcome of the authorization response that this page was opened with. It only reads: the client took the response
 * when it was created, so any number of components may call this, in StrictMode, below Suspense or in a lazy route.
 *
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
export function useCallback(options?: ClientOption<Client>): CallbackState {
  const { callback } = useClient(options)
  return React.useSyncExternalStore(callback.subscribe, callback.get, getServerState)
}

/** {@link useCallback} under a name that lint rules do not take for React's own. */
export const useAuthorizationCallback: typeof useCallback = useCallback
