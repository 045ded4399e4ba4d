import type { CountersignError } from '../../protocol/errors.js'
import type { Revocation } from '../../protocol/revocation-result.js'
import { refreshFailed } from '../channel/refresh-failed.js'
import type { Userinfo } from '../channel/channel.js'
import type { Connection } from '../records/connection.js'
import type { ConnectionsState } from './connections-state.js'
import { providerOf, type Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import type { Mode } from '../input.js'
import type { DetailsOf, ModeOf, ProviderName, Providers, UserinfoOf } from '../provider.js'
import type { ReadableStore } from '../readable-store.js'

/** Access to a connected account. Holds no token itself. */
export interface Connected<Details extends object = object, Name extends string = string> {
  readonly status: 'connected'
  readonly connection: Connection<Details, Name>
  /**
   * A request to the provider's API: `path` is relative to its base. The access token is added, and nowhere else it
   * goes; one that the API refuses is replaced once.
   */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>
  /** Forgets the connection and asks the provider to revoke it. Tells whether the provider confirmed it, or why not. */
  readonly disconnect: () => Promise<Revocation>
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

/** State of `useConnection`: a union, discriminated by `status`. */
export type TokensState<
  Details extends object = object,
  M extends Mode = Mode,
  U extends boolean = boolean,
  Name extends string = string,
> =
  | { readonly status: 'restoring' }
  | (Connected<Details, Name> &
      (M extends 'bff' ? object : WithAccessToken) &
      ([U] extends [true] ? WithUserinfo : object))
  | { readonly status: 'disconnected' }
  | {
      readonly status: 'reauthorization_required'
      readonly connection: Connection<Details, Name>
      readonly disconnect: () => Promise<Revocation>
    }
  | { readonly status: 'sign_in_required' }
  /** Nothing is known. */
  | { readonly status: 'failed'; readonly error: CountersignError }
  /** The connection does not work just now: its refreshes make no sense, and are tried again once an hour. */
  | {
      readonly status: 'failed'
      readonly error: CountersignError
      readonly connection: Connection<Details, Name>
      readonly disconnect: () => Promise<Revocation>
    }

/** State of a connection at one of these providers: the `provider` of its connection tells the type of `details`. */
export type TokensStateOf<P extends Providers, Name extends ProviderName<P>> = Name extends unknown
  ? TokensState<DetailsOf<P[Name]>, ModeOf<P[Name]>, UserinfoOf<P[Name]>, Name>
  : never

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
  const disconnect = async (): Promise<Revocation> => (await lazyParts()).disconnect(context, connection)
  const { status } = connection
  if (status === 'failed') return { status, error: refreshFailed(), connection, disconnect }
  if (status !== 'connected') return { status, connection, disconnect }
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
