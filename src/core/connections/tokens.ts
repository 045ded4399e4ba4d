import type { CountersignError } from '../../protocol/errors.js'
import type { Userinfo } from '../channel/channel.js'
import type { Connection } from '../records/connection.js'
import type { ConnectionsState } from './connections-state.js'
import { providerOf, type Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import type { Mode } from '../input.js'
import type { ReadableStore } from '../readable-store.js'

/** Access to a connected account. Holds no token itself. */
export interface Connected<Details extends object = object> {
  readonly status: 'connected'
  readonly connection: Connection<Details>
  /**
   * A request to the provider's API: `path` is relative to its base. The access token is added, and nowhere else it
   * goes; one that the API refuses is replaced once.
   */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  /** Forgets the connection and asks the provider to revoke it. Tells whether the provider confirmed. */
  readonly disconnect: () => Promise<{ revoked: boolean }>
}

/** Present in `browser` and `mediated` mode: in `bff` mode no token is ever in the page. */
export interface WithAccessToken {
  /** A usable access token; refreshed when needed, once for however many ask. */
  readonly getAccessToken: () => Promise<string>
  /** When the access token in this page's memory expires: epoch seconds; `undefined` while there is none. Not reactive. */
  readonly expiresAt: number | undefined
}

/** Present where the provider is an OpenID provider, in `browser` and `mediated` mode. */
export interface WithUserinfo {
  /** Asks for the claims about the person. They are the caller's, and are stored nowhere. */
  readonly userinfo: () => Promise<Userinfo>
}

/** State of `useTokens`: a union, discriminated by `status`. */
export type TokensState<Details extends object = object, M extends Mode = Mode, U extends boolean = boolean> =
  | { readonly status: 'restoring' }
  | (Connected<Details> &
      (M extends 'bff' ? object : WithAccessToken) &
      ([U] extends [true] ? WithUserinfo : object))
  | { readonly status: 'disconnected' }
  | {
      readonly status: 'reauthorization_required'
      readonly connection: Connection<Details>
      readonly disconnect: () => Promise<{ revoked: boolean }>
    }
  | { readonly status: 'sign_in_required' }
  | { readonly status: 'failed'; readonly error: CountersignError }

const disconnected: TokensState = { status: 'disconnected' }

/**
 * The tokens of one connection of a provider: the wanted one, else the newest, and that one for as long as somebody
 * watches and it is good.
 */
export function createTokens(
  context: Context,
  connections: ReadableStore<ConnectionsState>,
  name: string,
  wanted: string | undefined,
): ReadableStore<TokensState> {
  providerOf(context, name)
  let seen: ConnectionsState | undefined
  let state: TokensState = disconnected
  let chosen = wanted
  let watchers = 0

  function derive(all: ConnectionsState): TokensState {
    if (all.status !== 'ready') return all
    const candidates = all.connections.filter(({ provider }) => provider === name)
    const present = candidates.find(({ id }) => id === chosen)
    const newest = wanted === undefined ? candidates.at(-1) : undefined
    // One that must be renewed gives way when the person has connected anew instead.
    const stays = present?.status === 'connected' || newest?.status !== 'connected'
    const connection = stays ? (present ?? newest) : newest
    chosen = connection?.id ?? wanted
    if (!connection) return disconnected
    return 'connection' in state && state.connection === connection
      ? state
      : toState(context, name, connection)
  }

  function get(): TokensState {
    const all = connections.get()
    if (all !== seen) {
      seen = all
      state = derive(all)
    }
    return state
  }

  return {
    get,
    subscribe(listener) {
      // Not every React reads again after the second mount of StrictMode: what it shows is chosen again here.
      if (watchers++ === 0) get()
      const stop = connections.subscribe(listener)
      return () => {
        stop()
        if (--watchers > 0) return
        chosen = wanted
        seen = undefined
      }
    },
  }
}

function toState(context: Context, name: string, connection: Connection): TokensState {
  const disconnect = async (): Promise<{ revoked: boolean }> =>
    (await lazyParts()).disconnect(context, connection)
  if (connection.status !== 'connected') return { status: 'reauthorization_required', connection, disconnect }
  const connected: Connected = {
    status: 'connected',
    connection,
    fetch: async (path, init = {}) => (await lazyParts()).fetchResource(context, connection, path, init),
    disconnect,
  }
  const { channel, userinfo } = providerOf(context, name)
  if (channel.mode === 'bff') return connected
  return {
    ...connected,
    ...(userinfo && {
      userinfo: async () => (await lazyParts()).fetchUserinfo(context, connection),
    }),
    getAccessToken: async () => (await (await lazyParts()).getAccessToken(context, connection)).value,
    // Read when asked for, so that a refresh renders nothing.
    get expiresAt() {
      return context.tokens.get(connection.id)?.accessToken?.expiresAt
    },
  }
}
