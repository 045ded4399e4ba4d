import { transactionId } from '../records/keys.js'
import type { Context } from '../context.js'
import type { AuthorizationState } from './authorization-state.js'
import type { Begun } from './begin.js'

/** Seconds after which a page that is still here has not left, or leaves so slowly that the person may want to click again. */
const leavingSeconds = 10

/**
 * Sends this page to the provider. Resolves when the person is here after all.
 *
 * A navigation may not happen (an answer 204, a download, Stop, a dismissed `beforeunload`, an app that opened in the
 * browser's place), and a script cannot see that for certain: browsers tell nothing of the first two. One that is only
 * slow goes on meanwhile.
 */
export function leave(context: Context, { transaction, url }: Begun): Promise<AuthorizationState> {
  const { clock, navigation, tabs } = context.platform
  navigation.assign(url)
  return new Promise((resolve) => {
    const settle = (): void => {
      for (const stop of stops) stop()
      resolve({ status: 'idle' })
    }
    const stops = [
      navigation.onShown(settle),
      // The answer has come to another tab.
      tabs.onAnnounced((id) => {
        if (id === transactionId(transaction.state)) settle()
      }),
      clock.after(leavingSeconds, settle),
    ]
  })
}
