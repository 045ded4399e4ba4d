import type { Revocation } from '../../protocol/revocation-result.js'
import { refreshFailed } from '../channel/refresh-failed.js'
import type { CallbackState } from '../callback/callback.js'
import type { Connection } from '../records/connection.js'
import type { ConnectionsState } from './connections-state.js'
import { providerOf, type Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import type { ReadableStore } from '../readable-store.js'
import type { Connected, TokensState } from './tokens-state.js'

const disconnected: TokensState = { status: 'disconnected' }

/**
 * The tokens of one connection of a provider: the wanted one, else the newest, and that one for as long as somebody
 * watches and it is good. While a response is being redeemed nothing is settled: what comes of it is the newest.
 */
export function createTokens(
  context: Context,
  connections: ReadableStore<ConnectionsState>,
  name: string,
  wanted: string | undefined,
  callback: ReadableStore<CallbackState>,
): ReadableStore<TokensState> {
  providerOf(context, name)
  let seen: ConnectionsState | undefined
  let state: TokensState = disconnected
  let chosen = wanted
  let watchers = 0

  function derive(all: ConnectionsState): TokensState {
    if (all.status !== 'ready') return all
    const isOwn = ({ provider }: Connection): boolean => provider === name
    const known = byId(all.connections).get(chosen ?? '')
    const present = known && isOwn(known) ? known : undefined
    const newest = wanted === undefined ? all.connections.filter(isOwn).pop() : undefined
    // One that must be renewed gives way when the person has connected anew instead.
    const stays =
      callback.get().status !== 'pending' &&
      (present?.status === 'connected' || newest?.status !== 'connected')
    const connection = stays ? (present ?? newest) : (newest ?? present)
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
      const stop = connections.subscribe(() => {
        // Chosen by what holds now, whenever the listener reads.
        get()
        listener()
      })
      return () => {
        stop()
        if (--watchers > 0) return
        chosen = wanted
        seen = undefined
      }
    },
  }
}

const indexes = new WeakMap<readonly Connection[], ReadonlyMap<string, Connection>>()

/** The connections of a list by id: made once for each list, however many stores look into it. */
function byId(list: readonly Connection[]): ReadonlyMap<string, Connection> {
  let index = indexes.get(list)
  if (!index) indexes.set(list, (index = new Map(list.map((connection) => [connection.id, connection]))))
  return index
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
