/**
 * What is remembered of the refreshes that have failed since the last one that succeeded. Plain data, stored beside the
 * refresh token.
 *
 * ```
 * refused ──── ≥ 10 minutes ─── refused: stopped ──── hourly tries ─── seven days: the refresh token goes
 * unanswered ─ ≥ 30 seconds ─── unanswered: failed ── hourly tries ── …
 * ```
 */
export interface RefreshTrouble {
  /** When the refresh token was refused first, by an error that may pass, or its answer could not be used: epoch seconds. */
  readonly refusedAt?: number
  /** Number of requests in a row of which nobody knows whether they were processed. */
  readonly unanswered?: number
  /** When the connection was stopped by a second refusal: epoch seconds. */
  readonly stoppedAt?: number
  /** The last try of a connection that is stopped or has failed, or that was not answered: epoch seconds. */
  readonly triedAt?: number
}

/** Seconds between two tries of a connection that is stopped or has failed. */
const trySeconds = 3600

/** Seconds before a refresh token is sent again whose first request was not answered: the server may be at it still. */
const pauseSeconds = 30

/** Seconds for which the refresh token of a stopped connection is kept: seven days. */
const keptSeconds = 7 * 24 * 3600

/** Number of unanswered requests in a row after which a connection is reported as failed. */
export const unansweredLimit = 2

/** Status of a connection, as its refreshes have it. */
export const statusFrom = ({ stoppedAt, unanswered = 0 }: RefreshTrouble = {}):
  'connected' | 'reauthorization_required' | 'failed' =>
  stoppedAt !== undefined
    ? 'reauthorization_required'
    : unanswered >= unansweredLimit
      ? 'failed'
      : 'connected'

/** Seconds until a refresh may be tried; 0: now. */
export function secondsToTry(trouble: RefreshTrouble | undefined, now: number): number {
  const pause = statusFrom(trouble) !== 'connected' ? trySeconds : trouble?.unanswered ? pauseSeconds : 0
  // A clock that was set back does not stop the tries.
  return Math.max(0, pause - Math.abs(now - (trouble?.triedAt ?? 0)))
}

/** True when a refresh may be tried: of a connection that is stopped or has failed once an hour. */
export const mayTry = (trouble: RefreshTrouble | undefined, now: number): boolean =>
  secondsToTry(trouble, now) === 0

/** True when the refresh token of a stopped connection is given up. */
export const isGivenUp = (trouble: RefreshTrouble | undefined, now: number): boolean =>
  now - (trouble?.stoppedAt ?? Infinity) >= keptSeconds
