/**
 * What is remembered of the refreshes that have failed since the last one that succeeded. Plain data, stored beside the
 * refresh token.
 *
 * ```
 * refused ─── ≥ 10 minutes ─── refused: stopped ── hourly tries ─── seven days: the refresh token goes
 * unreadable, unreadable, unreadable: failed ───── hourly tries ── …
 * ```
 */
export interface RefreshTrouble {
  /** When the refresh token was refused first, by an error that may pass: epoch seconds. */
  readonly refusedAt?: number
  /** Number of answers in a row that were no OAuth answers. */
  readonly unreadable?: number
  /** When the connection was stopped by a second refusal: epoch seconds. */
  readonly stoppedAt?: number
  /** The last try, for a connection that is stopped or has failed: epoch seconds. */
  readonly triedAt?: number
}

/** Seconds between two tries of a connection that is stopped or has failed. */
const trySeconds = 3600

/** Seconds for which the refresh token of a stopped connection is kept: seven days. */
const keptSeconds = 7 * 24 * 3600

/** Number of unreadable answers in a row after which a connection is reported as failed. */
export const unreadableLimit = 3

/** Status of a connection, as its refreshes have it. */
export const statusFrom = ({ stoppedAt, unreadable = 0 }: RefreshTrouble = {}):
  'connected' | 'reauthorization_required' | 'failed' =>
  stoppedAt !== undefined
    ? 'reauthorization_required'
    : unreadable >= unreadableLimit
      ? 'failed'
      : 'connected'

/** True when a refresh may be tried: of a connection that is stopped or has failed once an hour. */
export const mayTry = (trouble: RefreshTrouble | undefined, now: number): boolean =>
  statusFrom(trouble) === 'connected' || Math.abs(now - (trouble?.triedAt ?? 0)) >= trySeconds

/** True when the refresh token of a stopped connection is given up. */
export const isGivenUp = (trouble: RefreshTrouble | undefined, now: number): boolean =>
  now - (trouble?.stoppedAt ?? Infinity) >= keptSeconds
