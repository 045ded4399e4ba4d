import { CountersignError } from '../../protocol/errors.js'
import type { CallbackState } from '../callback/callback.js'
import type { TokensState } from './tokens-state.js'
import type { ReadableStore } from '../readable-store.js'

/** Options of `client.ready`. */
export interface ReadyOptions {
  /** The id of the connection. @defaultValue the newest */
  readonly connection?: string | undefined
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined
}

/** A state of a connection that is known. */
export type Ready<State extends { readonly status: string } = TokensState> = Exclude<
  State,
  { readonly status: 'restoring' | 'failed' }
>

/**
 * Waits until it is known whether there is a connection: the records are read, and the response that the page was opened
 * with is no longer being redeemed.
 *
 * @param callback `undefined` on a server.
 */
export function ready(
  callback: ReadableStore<CallbackState> | undefined,
  tokens: ReadableStore<TokensState>,
  { signal }: ReadyOptions = {},
): Promise<Ready> {
  if (!callback) throw unknownHere()
  return new Promise((resolve, reject) => {
    const stops: (() => void)[] = []
    const settle = (end: () => void): void => {
      for (const stop of stops.splice(0)) stop()
      end()
    }
    const abort = (): void => {
      settle(() => {
        reject(signal?.reason as Error)
      })
    }
    const look = (): void => {
      const state = tokens.get()
      if (state.status === 'restoring' || callback.get().status === 'pending') return
      settle(() => {
        if (state.status === 'failed') reject(state.error)
        else resolve(state)
      })
    }
    signal?.addEventListener('abort', abort)
    stops.push(tokens.subscribe(look), callback.subscribe(look), () => {
      signal?.removeEventListener('abort', abort)
    })
    if (signal?.aborted) abort()
    else look()
  })
}

const unknownHere = (): CountersignError =>
  new CountersignError(
    'environment_unsupported',
    'ready() was called on a server, where no connection is known. Call it in the browser, such as in a clientLoader.',
    { recovery: 'configure' },
  )
