import type { CommonInput } from '../input.js'
import type { Previous } from './connection.js'
import { isCodeVerifier } from '../../protocol/pkce.js'

/** State that must survive the redirect. Stored in IndexedDB under a key of its `state` until it ends. */
export interface Transaction {
  readonly v: 1
  /**
   * `prepared`: made, nobody has left for it, or a later click has left in its place; `left`: the person went to the
   * provider; `returned`: a code is here and waits; `sent`: the code went to the token endpoint, the answer is not stored
   * yet; `answered`: it is in the memory of one page, and cannot be checked yet.
   */
  readonly phase: 'prepared' | 'left' | 'returned' | 'sent' | 'answered'
  readonly state: string
  readonly codeVerifier: string
  readonly codeChallenge: string
  readonly nonce?: string
  readonly provider: string
  readonly clientId: string
  /** The issuer that was asked, where the provider has one. Absent where an older version stored it. */
  readonly issuer?: string
  /** True where the server's metadata promises `iss` in every response, in `browser` mode. */
  readonly promisesIss?: boolean
  readonly redirectUri: string
  readonly scope: string
  readonly subject: string
  readonly input: CommonInput
  readonly returnTo: string
  /** Epoch seconds. */
  readonly createdAt: number
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Opaque handle that the backend needs with the code. */
  readonly handle?: string
  /** In `returned` and `sent` only. */
  readonly code?: string
  readonly iss?: string
  /** The `scope` of the authorization response, of a provider whose `narrowsScope` is true. */
  readonly grantedScope?: string
  /** When the code came back: epoch seconds. */
  readonly returnedAt?: number
  /** Number of times the code was sent. */
  readonly sends?: number
  /** True when the code came back to a page without a user: that page continues once somebody has signed in there. */
  readonly awaitsSignIn?: boolean
}

/** The rest of a transaction that has ended: enough to give a second tab or a reload the same result. */
export interface EndedTransaction {
  readonly v: 1
  readonly phase: 'done' | 'failed'
  readonly provider: string
  /** With `redirectUri`, tells the apps of one origin apart. Absent where an older version stored it. */
  readonly clientId?: string
  readonly redirectUri?: string
  readonly subject: string
  readonly input: CommonInput
  readonly returnTo: string
  /** Epoch seconds. */
  readonly createdAt: number
  /** When this record may go: epoch seconds. */
  readonly expiresAt: number
  /** In `done`. */
  readonly connectionId?: string
  /** In `done`, where the connection was there before. */
  readonly previous?: Previous | undefined
  /** In `failed`. `abandoned`: the person went to the provider and never came back. */
  readonly outcome?: 'cancelled' | 'denied' | 'failed' | 'abandoned'
  readonly error?: StoredError
  /** True when it ended in a popup, and the app is still to be told: the page that does it removes this. */
  readonly untold?: boolean
}

/** An error as plain data: its own properties, none of which holds a secret, and its message. */
export interface StoredError {
  readonly name: string
  readonly code: string
  readonly message: string
}

/** Seconds for which it is told that somebody never came back. */
export const abandonedSeconds: number = 7 * 24 * 3600

/** No transaction lives longer than this: seconds. */
export const longestSeconds = 3600

/** True for a transaction, live or ended. Anything else under such a key is not trusted. */
export function isTransaction(value: unknown): value is Transaction | EndedTransaction {
  const record = Object(value) as { readonly [Name in keyof Transaction | keyof EndedTransaction]?: unknown }
  const { v, phase, provider, subject, returnTo, createdAt, expiresAt, input } = record
  const common =
    v === 1 &&
    [provider, subject, returnTo].every(isText) &&
    [createdAt, expiresAt].every(Number.isFinite) &&
    typeof input === 'object' &&
    input !== null
  if (phase === 'done' || phase === 'failed') return common
  const { state, codeVerifier, codeChallenge, clientId, redirectUri, scope } = record
  const { nonce, issuer, handle, code, iss, grantedScope, returnedAt, sends } = record
  return (
    common &&
    (['prepared', 'left', 'returned', 'sent', 'answered'] as unknown[]).includes(phase) &&
    isCodeVerifier(codeVerifier) &&
    [state, codeChallenge, clientId, redirectUri, scope].every(isText) &&
    [nonce, issuer, handle, code, iss, grantedScope].every(
      (member) => member === undefined || isText(member),
    ) &&
    [returnedAt, sends].every((member) => member === undefined || Number.isFinite(member))
  )
}

const isText = (value: unknown): boolean => typeof value === 'string'

/** True when only the result of a transaction is left. */
export const hasEnded = (record: Transaction | EndedTransaction): record is EndedTransaction =>
  record.phase === 'done' || record.phase === 'failed'
