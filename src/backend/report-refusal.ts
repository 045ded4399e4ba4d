import type { Context } from './context.js'
import type { Refusal } from './http/refusal.js'
import { toRefusal } from './http/to-refusal.js'

/** The refusal that a failure means, told to the log. */
export function reportRefusal({ emit }: Pick<Context, 'emit'>, error: unknown): Refusal {
  const refusal = toRefusal(error)
  const { error: code, details } = refusal
  emit(code === 'backend_unavailable' ? 'failed' : 'refused', {
    error: code,
    reason: details.reason,
    ...(details.connection !== undefined && { connection: details.connection }),
  })
  return refusal
}
