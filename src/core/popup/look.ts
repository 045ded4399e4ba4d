import type { Clock } from '../../platform/clock.js'
import { timing } from './timing.js'

/** Result of a look at a popup that calls for a look at what is stored. */
export interface Sight {
  readonly seemsClosed: boolean
  /** Whether the transaction has expired. */
  readonly isOver: boolean
}

/**
 * Looks at a popup until its transaction expires. Reports when the popup seems closed, when the transaction has expired, and from
 * time to time in between, as the popup may have ended before it could say so.
 *
 * @param expiresAt Epoch seconds.
 * @returns a function that stops looking.
 */
export function lookAt(
  popup: Window,
  clock: Clock,
  expiresAt: number,
  report: (sight: Sight) => void,
): () => void {
  const observe = createObserver(popup)
  let reportedAt = clock.now()
  let stop = (): void => undefined
  const look = (): void => {
    const now = clock.now()
    const { seemsClosed, nextSeconds } = observe(now)
    const isOver = now > expiresAt
    const isDue = now - reportedAt >= timing.lookAtRecord
    if (!isOver) stop = clock.after(seemsClosed ? expiresAt - now : nextSeconds, look)
    if (!isOver && !seemsClosed && !isDue) return
    reportedAt = now
    report({ seemsClosed, isOver })
  }
  look()
  return () => {
    stop()
  }
}

/** Result of one look at the window. */
interface Observation {
  readonly seemsClosed: boolean
  /** When to look again. */
  readonly nextSeconds: number
}

/**
 * Observes a popup: it seems closed when it has been closed for a while after it was at the provider. When a provider cuts it off,
 * the browser shows it as another site's page for a moment and then as closed, so only two looks in a row count as a visit.
 */
function createObserver(popup: Window): (now: number) => Observation {
  let sights = 0
  let closedSince: number | undefined
  return (now) => {
    const isClosed = popup.closed
    closedSince = isClosed ? (closedSince ?? now) : undefined
    if (!isClosed && sights < 2) sights = isAway(popup) ? sights + 1 : 0
    return {
      seemsClosed: sights === 2 && closedSince !== undefined && now - closedSince > timing.grace,
      nextSeconds: sights === 1 && !isClosed ? timing.secondLook : timing.look,
    }
  }
}

/** True when the popup shows another site's page, which the browser hides from this one. */
function isAway(popup: Window): boolean {
  try {
    return popup.location.href === ''
  } catch {
    return true
  }
}
