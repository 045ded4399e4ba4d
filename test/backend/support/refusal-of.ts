import { Refusal } from 'countersign/backend'
import { assert } from 'vitest'

/**
 * The refusal that a call of the server rejects with. That nothing was refused is a failed expectation, which
 * `npm run test:defences` tells from a crash.
 */
export async function refusalOf(call: Promise<unknown> | undefined): Promise<Refusal> {
  try {
    await call
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
  assert.fail('the call was not refused')
}
