import { CountersignError } from '../protocol/errors.js'

/**
 * Lets work go on by itself, for a handler of events. What a person can cause is shown by a state; a mistake of the
 * application is reported as an uncaught error.
 */
export function inBackground(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    if (!(error instanceof CountersignError)) reportMistake(error)
  })
}

/** Reports a mistake of the application as an uncaught error. */
export function reportMistake(error: unknown): void {
  const { reportError } = globalThis as { readonly reportError?: (error: unknown) => void }
  if (!reportError) throw error
  reportError(error)
}
