import type { Context } from '../context.js'
import { transactionId } from '../records/keys.js'
import type { AuthorizationState } from './authorization-state.js'
import type { Begun } from './begin.js'

/** Seconds after which a page that is still here has not left, or leaves so slowly that the person may want to click again. */
const leavingSeconds = 10

/**
 * Sends the person away by this page. Resolves when they turn out to be here still: a navigation may not happen (an answer
 * 204, a download, Stop, a dismissed `beforeunload`, an app that opened in the browser's place), and no browser tells of
 * the first two. One that is only slow goes on meanwhile.
 */
export async function leave(context: Context, { transaction, url }: Begun): Promise<AuthorizationState> {
  const { clock, navigation, tabs } = context.platform
  const stops: (() => void)[] = []
  await new Promise<void>((resolve) => {
    const hear = (id: string): void => {
      // The answer has come to another tab.
      if (id === transactionId(transaction.state)) resolve()
    }
    stops.push(navigation.onShown(resolve), tabs.onAnnounced(hear), clock.after(leavingSeconds, resolve))
    navigation.assign(url, resolve)
  })
  for (const stop of stops) stop()
  return { status: 'idle' }
}
