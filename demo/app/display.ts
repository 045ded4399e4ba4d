import { browser, keep, readKept } from './kept.js'
import { createStore, useStore } from './store.js'

/** How a person goes to a bank. */
export type Display = 'redirect' | 'popup'

const key = 'lasagna:display'
const display = createStore<Display>(readKept<string>(browser, key, '') === 'popup' ? 'popup' : 'redirect')

/** How the person wants to go to the banks: by this page, or by a window of its own. It is remembered. */
export const useDisplay = (): Display => useStore(display)

/** Changes {@link useDisplay}. */
export function changeDisplay(next: Display): void {
  keep(browser, key, next)
  display.set(next)
}
