import type { Context } from '../context.js'
import { inBackground } from '../in-background.js'
import { publish } from '../records/changes.js'
import { stateOf, transactionId } from '../records/keys.js'
import type { Abandoned } from './connections-state.js'
import type { Projection } from './project.js'

/** Attempts to connect that never came back, with what the app can do about them. */
export const toAbandoned = (context: Context, attempts: Projection['abandoned']): readonly Abandoned[] =>
  attempts.map(([key, { provider, input, createdAt }]) => {
    const id = transactionId(stateOf(key) ?? '')
    const dismissAsync = (): Promise<void> => publish(context, id, [], () => ({ [key]: undefined }))
    // Reading the list again shows that storage does not work.
    const dismiss = inBackground(() => dismissAsync().catch(() => context.follow(id)))
    const restartAsync = (): Promise<unknown> => {
      // First, since a popup opens only while the click is being handled.
      const outcome = context.restart(provider, input)
      dismiss()
      return outcome
    }
    return {
      id,
      provider,
      startedAt: createdAt,
      dismiss,
      dismissAsync,
      restart: inBackground(restartAsync),
      restartAsync,
    }
  })
