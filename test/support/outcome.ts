import type { CallbackState, ReadableStore } from 'countersign/core'
import { assert } from 'vitest'
import { describe, withoutSecrets, type Refusal } from './refusal.js'
import { until } from './until.js'

/** A page, as far as its callback goes. */
interface Page {
  readonly client: { readonly callback: ReadableStore<CallbackState> }
}

/** Where the callback of a page ends. An error that holds a secret fails the test. */
export async function outcome({ client }: Page): Promise<Exclude<CallbackState, { status: 'pending' }>> {
  const state = await until(
    client.callback,
    'connected',
    'cancelled',
    'denied',
    'failed',
    'sign_in_required',
    'none',
  )
  if ('error' in state) withoutSecrets(state.error)
  return state
}

/** The refusal that the callback of a page ends in. */
export async function refusal(page: Page): Promise<Refusal> {
  const state = await outcome(page)
  if (state.status !== 'failed') assert.fail(`expected a failure, got ${state.status}`)
  return describe(state.error)
}
