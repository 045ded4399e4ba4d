import type { Context } from '../context.js'
import { publish } from '../records/changes.js'
import { stateOf, transactionId } from '../records/keys.js'
import type { Abandoned } from './connections-state.js'
import type { Projection } from './project.js'

/** Attempts to connect that never came back, with what the app can do about them. */
export const toAbandoned = (context: Context, attempts: Projection['abandoned']): readonly Abandoned[] =>
  attempts.map(([key, { provider, input, createdAt }]) => {
    const id = transactionId(stateOf(key) ?? '')
    const dismiss = (): Promise<void> => publish(context, id, [], () => ({ [key]: undefined }))
    return {
      id,
      provider,
      startedAt: createdAt,
      dismiss,
      resume: async () => {
        await dismiss()
        return context.restart(provider, input)
      },
    }
  })
