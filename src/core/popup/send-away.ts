import type { AuthorizationState } from '../authorize/authorization-state.js'
import { begin, type Click } from '../authorize/begin.js'
import { leave } from '../authorize/leave.js'
import type { Context } from '../context.js'
import type { CommonInput } from '../input.js'
import { loadModule } from '../load-module.js'

/**
 * Sends the person of one click to the provider, by this page or by a popup. Resolves with `idle` when another click has
 * taken the place of this one meanwhile.
 *
 * @throws {CountersignError} when nobody can be sent away.
 */
export async function sendAway(
  context: Context,
  name: string,
  input: CommonInput,
  click: Click,
): Promise<AuthorizationState> {
  const begun = await begin(context, name, input, click)
  const { popup, isLast, onLeaving } = click
  if (!begun || !isLast()) {
    popup?.close()
    return { status: 'idle' }
  }
  onLeaving(begun.transaction.state)
  if (!popup) return leave(context, begun)
  const { watchPopup } = await loadModule(import('./watch.js'))
  return watchPopup(context, begun, popup, click)
}
