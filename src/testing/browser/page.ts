import type { KitClock } from './clock.js'
import type { Platform } from './platform.js'
import { systemRandomness, type Randomness } from '../random.js'
import type { SharedTabs } from './tabs.js'

/** What the pages of one browser share. */
export interface Browser {
  readonly origin: string
  readonly clock: KitClock
  readonly database: Platform['database']
  readonly tabs: SharedTabs
  readonly fetch: Platform['fetch']
  readonly isOnline: () => boolean
  readonly random: Randomness
}

/** A popup as the page that opened it sees it. */
export interface Popup {
  /** False until it is closed, by itself or by anybody else. */
  closed: boolean
  /** Calls back when it is closed. */
  onClosed: () => void
}

/** What a page tells about its window. */
export interface PageEvents {
  /** The page, or a popup that it has opened, is sent to another site. */
  readonly leaves: (url: string, popup: Popup | undefined) => void
  /** The page closes its own window. */
  readonly closes: () => void
}

/** One document. */
export interface Page {
  readonly platform: Platform
  /** What the address bar shows. */
  readonly url: () => URL
  readonly historyState: () => unknown
  /** The page is on show again: the person has come back to it without an answer. */
  readonly show: () => void
}

/** Opens a document. */
export function openPage(
  browser: Browser,
  address: string,
  historyState: unknown,
  { leaves, closes }: PageEvents,
): Page {
  const { clock, database, tabs, fetch, isOnline, origin, random } = browser
  let url = new URL(address, origin)
  let state = historyState
  const shown = new Set<() => void>()
  return {
    platform: {
      clock,
      database,
      fetch,
      isOnline,
      // In whatever order requests come, a seed gives the same ids of everything else.
      random: { ...random, requestId: systemRandomness.uuid },
      tabs: tabs.forPage(),
      navigation: {
        url: () => new URL(url),
        isTopLevel: () => true,
        whenActive(work) {
          work()
        },
        historyState: () => state,
        replace(next, nextState) {
          url = new URL(next, url)
          state = nextState
        },
        assign(target) {
          leaves(target, undefined)
        },
        preconnect: () => undefined,
        openPopup: () => openPopup(leaves) as unknown as Window,
        close: closes,
        onShown(listener) {
          shown.add(listener)
          return () => {
            shown.delete(listener)
          }
        },
      },
    },
    url: () => new URL(url),
    historyState: () => state,
    show() {
      for (const listener of [...shown]) listener()
    },
  }
}

/** The part of a `Window` that the client uses of a popup. */
function openPopup(leaves: PageEvents['leaves']): Popup & { close: () => void; location: { href: string } } {
  let isAway = false
  const popup = {
    closed: false,
    onClosed: (): void => undefined,
    close() {
      if (popup.closed) return
      popup.closed = true
      popup.onClosed()
    },
    location: {
      get href() {
        // A page of another site is shown, which the browser hides.
        if (isAway) throw new DOMException('The popup shows another site.', 'SecurityError')
        return 'about:blank'
      },
      set href(target: string) {
        isAway = true
        leaves(target, popup)
      },
    },
  }
  return popup
}
