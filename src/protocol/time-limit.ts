/** A signal that aborts, and the end of the wait for it. */
export interface TimeLimit {
  readonly signal: AbortSignal
  /** Ends the time limit: it aborts nothing any more. */
  readonly end: () => void
}

/**
 * Limits work to so many seconds, and to the time until another signal aborts. `AbortSignal.timeout` and `AbortSignal.any`
 * are too new.
 */
export function limitTime(seconds: number, other?: AbortSignal | null): TimeLimit {
  const controller = new AbortController()
  const abort = (): void => {
    controller.abort()
  }
  const timer = setTimeout(abort, seconds * 1000)
  other?.addEventListener('abort', abort)
  if (other?.aborted) abort()
  return {
    signal: controller.signal,
    end() {
      clearTimeout(timer)
      other?.removeEventListener('abort', abort)
    },
  }
}
