import type { Mode } from '../../core/index.js'

/** The parties between which messages go, in the order of the timeline's lanes. */
export const lanes = ['page', 'storage', 'backend', 'server', 'api'] as const

/** A party: the page, its IndexedDB, the app's backend, the authorization server, the provider's API. */
export type Lane = (typeof lanes)[number]

/** What an inspected event tells. */
export type EventKind =
  | 'prepared'
  | 'metadata'
  | 'keys'
  | 'pushed'
  | 'authorization'
  | 'left'
  | 'not_left'
  | 'at_provider'
  | 'returned'
  | 'redeemed'
  | 'backend_redeems'
  | 'waits'
  | 'stored'
  | 'ended'
  | 'refresh'
  | 'renewal'
  | 'userinfo'
  | 'resource'
  | 'backend_calls'
  | 'connections'
  | 'institutions'
  | 'disconnected'
  | 'revoked'
  | 'lock'
  | 'clock'
  | 'not_rotated'
  | 'session'
  | 'callback'

/** One parameter of a message. What an allow-list does not name has no `value`: `shape` says what it looks like. */
export interface Parameter {
  readonly name: string
  readonly value?: string
  readonly shape?: string
}

/** One check of the library, as it came out. `skipped`: there was nothing to compare, or it was not reached. */
export interface Check {
  readonly name: string
  readonly result: 'passed' | 'failed' | 'skipped'
  /** The section that asks for it, such as `RFC 9207 §2.4`. */
  readonly section?: string
}

/** An error without words of anybody: codes and a status. */
export interface InspectedError {
  /** The `code` of the library's error. */
  readonly code?: string
  /** The `error` member of the server's or the backend's answer. */
  readonly error?: string
  /** HTTP status. */
  readonly status?: number
  /** The parameter, member or claim at fault. */
  readonly parameter?: string
  readonly recovery?: string
}

/** One thing that happened, without any secret: it is redacted before it is noted. */
export interface InspectedEvent {
  readonly v: 1
  /** Unique, and in the order of time. */
  readonly id: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly milliseconds?: number
  readonly kind: EventKind
  readonly from: Lane
  readonly to: Lane
  /** Names the page in which it happened: random letters. */
  readonly page: string
  /** The transaction's id: the first 16 characters of its `state`. */
  readonly flow?: string
  readonly connection?: string
  readonly provider?: string
  readonly mode?: Mode
  /** HTTP status of the answer; 0 where none came. */
  readonly status?: number
  readonly outcome?: string
  readonly error?: InspectedError
  readonly parameters?: readonly Parameter[]
  readonly answer?: readonly Parameter[]
  readonly checks?: readonly Check[]
  /** Callers of a `renewal`. */
  readonly callers?: number
  /** Requests that a `renewal` sent. */
  readonly requests?: number
  /** True for what happened at another party, and was not seen. */
  readonly inferred?: true
}

/** A moment, and its place among those of the same time. */
export interface Moment {
  /** Epoch milliseconds. */
  readonly at: number
  readonly order: number
}

/** An event before it is noted. @defaultValue `begun` is now */
export type NewEvent = Omit<InspectedEvent, 'v' | 'id' | 'at' | 'page' | 'milliseconds'> & {
  /** When it began, where it has taken time. */
  readonly begun?: Moment
}
