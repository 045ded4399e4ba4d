import { CountersignError } from 'countersign/core'
import { leaksOf } from '../support/secrets.js'
import type { Mutation } from './mutate.js'

/** One place where something from outside comes in. */
export interface Target {
  readonly name: string
  /** What can come of it, each of which must come at least once: `accepted`, and codes of refusals. */
  readonly outcomes: readonly string[]
  /** The same, for what comes in thousands of runs, and perhaps not in hundreds. */
  readonly rare?: readonly string[]
  /**
   * Feeds a valid input with these changes, and checks what must hold whatever comes of it.
   *
   * @param pick A number to choose among valid inputs by.
   */
  readonly run: (changes: readonly Mutation[], pick: number) => string | Promise<string>
}

/** The code of the error that `work` ends in, with the parameter at fault, or `accepted`. Any error but ours fails, and one with a secret. */
export async function outcomeOf(work: () => unknown): Promise<string> {
  try {
    await work()
    return 'accepted'
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error
    const leaks = leaksOf(error)
    if (leaks.length > 0 || error.cause !== undefined)
      throw new Error(`${error.code} holds a secret`, { cause: error })
    return error.code
  }
}
