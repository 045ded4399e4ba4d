import { readConfiguration } from '../configuration.js'
import { browser, keep, readKept } from '../kept.js'
import { createStore, useStore } from '../store.js'

const key = 'lasagna:fake-run'
const { run } = readConfiguration()
const former = readKept<string | null>(browser, key, null)
const forgotten = createStore(run !== undefined && former !== null && former !== run)

/** Whether the fake banks know nothing of what was connected at them: the browser has dropped it since. */
export const useForgotten = (): boolean => useStore(forgotten)

/** Says that something is connected at the fake banks as they are now, or that the person knows that nothing is. */
export function keepRun(): void {
  if (run === undefined) return
  keep(browser, key, run)
  forgotten.set(false)
}
