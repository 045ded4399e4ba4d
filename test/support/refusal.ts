import { CountersignError } from 'countersign/core'
import { assert } from 'vitest'
import { leaksOf } from './secrets.js'

/** What a refusal says of itself. */
export interface Refusal {
  readonly code: string
  /** The parameter, member or claim at fault. */
  readonly parameter?: string
}

/**
 * The code, and the parameter where there is one, of the error that `work` ends in. Whatever the test is about, an
 * error that holds a secret fails it. That nothing was refused is a failed expectation,
 * which `npm run test:defences` tells from a crash.
 */
export async function refusalOf(work: () => unknown): Promise<Refusal> {
  return describe(await errorOf(work))
}

/** The error that `work` ends in, when it is one of the library's. */
export async function errorOf(work: () => unknown): Promise<CountersignError> {
  let outcome: unknown
  try {
    outcome = await work()
  } catch (error) {
    if (error instanceof CountersignError) return withoutSecrets(error)
    throw new Error(`expected an error of the library, got ${String(error)}`, { cause: error })
  }
  assert.fail(`expected a refusal, got ${JSON.stringify(outcome)}`)
}

/** The same error, once it is certain that it holds no secret. */
export function withoutSecrets<E extends CountersignError>(error: E): E {
  const leaks = leaksOf(error)
  if (leaks.length > 0) assert.fail(`the error ${error.code} holds ${leaks.join(' and ')}`)
  if (error.cause !== undefined) assert.fail(`the error ${error.code} has a cause`)
  return error
}

/** What a refusal says of itself. */
export function describe(error: CountersignError): Refusal {
  const { code } = error
  return 'parameter' in error ? { code, parameter: String(error.parameter) } : { code }
}
