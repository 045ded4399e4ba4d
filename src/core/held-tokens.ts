import type { Connection, ConnectionRecord } from './records/connection.js'

/** An access token in the memory of this page. */

export interface AccessToken {
  readonly value: string
  /** Epoch seconds; `undefined` when the server did not say. */
  readonly expiresAt: number | undefined
}

/** The tokens of one connection. */
export interface ConnectionTokens {
  readonly accessToken: AccessToken | undefined
  /** When the connection that the access token came with was made or renewed: epoch seconds. */
  readonly connectedAt?: number
  readonly refreshToken?: string | undefined
  /** Whom the first ID Token named: a refreshed one must name the same. */
  readonly idTokenSubject?: string | undefined
}

/** The tokens of all connections, in the memory of this page and nowhere else. */
export interface HeldTokens {
  /** Ids of the connections that have tokens here, or wait for some. */
  ids(): readonly string[]
  get(id: string): ConnectionTokens | undefined
  /** Holds the tokens of a connection that was made or renewed. */
  hold(id: string, tokens: ConnectionTokens): void
  /** Changes some of a connection's tokens, unless they were forgotten meanwhile. */
  update(id: string, changes: Partial<ConnectionTokens>): void
  /** The request for a new access token that is under way. */
  pending(id: string): Promise<AccessToken> | undefined
  /**
   * Asks for a new access token and holds it, unless the connection's tokens are forgotten meanwhile. Concurrent callers
   * wait for {@link HeldTokens.pending}.
   *
   * @param connectedAt When the connection was made or renewed: epoch seconds.
   * @throws what `ask` throws.
   */
  renew(id: string, connectedAt: number, ask: () => Promise<AccessToken>): Promise<AccessToken>
  /** Forgets the tokens of a connection; an answer that is still to come is not held. */
  forget(id: string): void
  /** Forgets all tokens. */
  clear(): void
}

/** Makes the one owner of the tokens in this page's memory. */
export function createHeldTokens(): HeldTokens {
  const held = new Map<string, ConnectionTokens>()
  const requests = new Map<string, Promise<AccessToken>>()
  return {
    ids: () => [...new Set([...held.keys(), ...requests.keys()])],
    get: (id) => held.get(id),
    hold(id, tokens) {
      held.set(id, tokens)
    },
    update(id, changes) {
      const tokens = held.get(id)
      if (tokens) held.set(id, { ...tokens, ...changes })
    },
    pending: (id) => requests.get(id),
    renew(id, connectedAt, ask) {
      const isWanted = (): boolean => requests.get(id) === request
      const request: Promise<AccessToken> = ask()
        .then((accessToken) => {
          if (isWanted()) held.set(id, { ...held.get(id), accessToken, connectedAt })
          return accessToken
        })
        .finally(() => {
          if (isWanted()) requests.delete(id)
        })
      requests.set(id, request)
      return request
    },
    forget(id) {
      held.delete(id)
      requests.delete(id)
    },
    clear() {
      held.clear()
      requests.clear()
    },
  }
}

/** The connection as this page has it: in `browser` mode tokens die with their page, and without them the person has to authorize again. */
export const asHeld = (tokens: HeldTokens, { mode, persistent, connection }: ConnectionRecord): Connection =>
  mode === 'browser' && !persistent && !tokens.get(connection.id)
    ? { ...connection, status: 'reauthorization_required' }
    : connection
