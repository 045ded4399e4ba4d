import { CountersignError } from '../protocol/errors.js'

/**
 * Makes a handler of events: it begins the work and returns nothing. What a person can cause is shown by a state; a mistake
 * of the application is reported as an uncaught error.
 */
export const inBackground =
  <Arguments extends readonly unknown[]>(work: (...input: Arguments) => Promise<unknown>) =>
  (...input: Arguments): void => {
    work(...input).catch((error: unknown) => {
      if (!(error instanceof CountersignError)) reportMistake(error)
    })
  }

/** Reports a mistake of the application as an uncaught error. */
export function reportMistake(error: unknown): void {
  const { reportError } = globalThis as { readonly reportError?: (error: unknown) => void }
  if (!reportError) throw error
  reportError(error)
}
