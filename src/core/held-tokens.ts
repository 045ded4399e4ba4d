import type { FirstIdToken } from '../protocol/id-token.js'
import type { RefreshTrouble } from '../protocol/refresh-trouble.js'

/** An access token in the memory of this page. */
export interface AccessToken {
  readonly value: string
  /** Epoch seconds; `undefined` when the server did not say. */
  readonly expiresAt: number | undefined
}

/** What lies in the database, as `Database.entries` gives it. */
type Entries = readonly [key: string, value: unknown][]

/** The tokens of one connection. */
export interface ConnectionTokens {
  readonly accessToken: AccessToken | undefined
  /** When the connection that the access token came with was made or renewed: epoch seconds. */
  readonly connectedAt?: number
  readonly refreshToken?: string | undefined
  /** Whom the first ID Token named: a refreshed one must name the same. */
  readonly idTokenSubject?: string | undefined
  /** What refreshed ID Tokens must repeat of it. */
  readonly firstIdToken?: FirstIdToken | undefined
  /** When tokens were replaced that the API had refused, within the last hour: epoch seconds. */
  readonly replacedAt?: readonly number[] | undefined
  /** When a refused token was given out again, because it must not be replaced so soon: epoch seconds. */
  readonly standsSince?: number | undefined
  /** Refreshes that were refused or could not be read; absent after one that succeeded. */
  readonly trouble?: RefreshTrouble | undefined
  /**
   * Called before these tokens are forgotten: those that no other page has, see channel/own-tokens.ts.
   *
   * @param entries What lies in the database, where the connection's record is there no more.
   */
  readonly onForgotten?: (entries?: Entries) => void
}

/** The tokens of all connections, in the memory of this page and nowhere else. */
export interface HeldTokens {
  /** Ids of the connections that have tokens here, or wait for some. */
  readonly ids: () => readonly string[]
  readonly get: (id: string) => ConnectionTokens | undefined
  /** Holds tokens of a connection, in addition to those that are held. */
  readonly hold: (id: string, tokens: Partial<ConnectionTokens>) => void
  /** The request for a new access token that is under way: concurrent callers wait for it. */
  readonly pending: (id: string) => Promise<AccessToken> | undefined
  /**
   * Notes a request for a new access token, and holds what it gives, unless the connection's tokens are forgotten
   * meanwhile.
   *
   * @param connectedAt When the connection was made or renewed: epoch seconds.
   */
  readonly renew: (id: string, connectedAt: number, request: Promise<AccessToken>) => Promise<AccessToken>
  /**
   * Forgets the tokens of a connection, or of all; an answer that is still to come is not held.
   *
   * @param entries What lies in the database, where the connection's record is there no more.
   */
  readonly forget: (id?: string, entries?: Entries) => void
}

/** Makes the one owner of the tokens in this page's memory. */
export function createHeldTokens(): HeldTokens {
  const held = new Map<string, ConnectionTokens>()
  const requests = new Map<string, Promise<AccessToken>>()
  const ids = (): string[] => [...held.keys(), ...requests.keys()]
  const hold: HeldTokens['hold'] = (id, tokens) => {
    held.set(id, { accessToken: undefined, ...held.get(id), ...tokens })
  }
  return {
    ids,
    get: (id) => held.get(id),
    hold,
    pending: (id) => requests.get(id),
    renew(id, connectedAt, request) {
      const settled = request
        .then((accessToken) => {
          if (requests.get(id) === settled) hold(id, { accessToken, connectedAt, standsSince: undefined })
          return accessToken
        })
        .finally(() => {
          if (requests.get(id) === settled) requests.delete(id)
        })
      requests.set(id, settled)
      return settled
    },
    forget(wanted, entries) {
      for (const id of wanted === undefined ? ids() : [wanted]) {
        held.get(id)?.onForgotten?.(entries)
        held.delete(id)
        requests.delete(id)
      }
    },
  }
}
