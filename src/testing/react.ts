import { turn } from './turns.js'

interface ActEnvironment {
  IS_REACT_ACT_ENVIRONMENT?: boolean | undefined
}

let running = 0

/**
 * Runs work that changes what components show, as `waitFor` of the testing library does: React neither warns that an update
 * was not wrapped in `act`, nor waits for one, and has rendered when it is done.
 */
export async function outsideAct<T>(work: () => Promise<T>): Promise<T> {
  const environment = globalThis as ActEnvironment
  const before = environment.IS_REACT_ACT_ENVIRONMENT
  if (before === true) environment.IS_REACT_ACT_ENVIRONMENT = false
  running += 1
  try {
    const result = await work()
    // The turns in which React renders and runs effects.
    for (let count = 0; count < 3; count++) await turn()
    return result
  } finally {
    running -= 1
    if (before === true && running === 0) environment.IS_REACT_ACT_ENVIRONMENT = true
  }
}
