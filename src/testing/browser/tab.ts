import type { Client } from '../../core/index.js'
import { createLastingClient } from '../client/lasting-client.js'
import { openPage, type Browser, type Page, type Popup } from './page.js'
import type { Platform } from './platform.js'

/** Somebody who is at a provider. */
export interface Departure {
  readonly url: string
  readonly tab: Tab
  /** The window that they left in, where it is not the tab itself. */
  readonly popup: Popup | undefined
}

/** One window of the app, with the page that it shows. */
export interface Tab {
  /** The client that the app uses; it stays the same while pages come and go. */
  readonly client: Client
  /** The client of the page that is shown now. */
  readonly current: () => Client
  readonly page: () => Page
  /** Loads a page of the app. */
  readonly load: (address: string, historyState?: unknown) => void
  /** Shows what was hidden until now. */
  readonly reveal: () => void
  readonly close: () => void
}

/** What a tab needs of its bank. */
export interface TabOptions {
  readonly browser: Browser
  /** Makes the app's client for one page. */
  readonly createClient: (platform: Platform) => Client
  /** Somebody has left for a provider, in this tab or in a popup. */
  readonly onDeparture: (departure: Departure) => void
  /** The tab shows a page of the app again: nobody is elsewhere in it. */
  readonly onLoad: (tab: Tab) => void
  /** Resolves when the test's own beginning is set up. */
  readonly ready: Promise<void>
  readonly isReady: () => boolean
  readonly hidden: ReadonlySet<unknown>
  readonly hasUsers: boolean
  readonly setSubject: (subject: string | null) => void
}

/** Opens a tab at an address of the app. */
export function openTab(options: TabOptions, address: string): Tab {
  const { browser, createClient, onDeparture } = options
  const listeners = new Set<() => void>()
  const notify = (): void => {
    for (const listener of [...listeners]) listener()
  }

  function open(where: string, historyState: unknown): { page: Page; client: Client } {
    const page = openPage(browser, where, historyState, {
      leaves: (url, popup) => {
        onDeparture({ url, tab, popup })
      },
      closes: () => {
        tab.close()
      },
    })
    return { page, client: createClient(page.platform) }
  }

  let shown = open(address, null)
  const tab: Tab = {
    client: createLastingClient({
      current: () => shown.client,
      onChange(listener) {
        listeners.add(listener)
        return () => {
          listeners.delete(listener)
        }
      },
      ready: options.ready,
      isReady: options.isReady,
      hidden: options.hidden,
      hasUsers: options.hasUsers,
      setSubject: options.setSubject,
      dispose: () => {
        tab.close()
      },
    }),
    current: () => shown.client,
    page: () => shown.page,
    load(where, historyState = null) {
      // The document goes, and with it everything in its memory.
      shown.client.dispose()
      options.onLoad(tab)
      shown = open(where, historyState)
      notify()
    },
    reveal: notify,
    close() {
      shown.client.dispose()
    },
  }
  return tab
}
