import type { Browser, Page } from './browser.js'
import type { Scheduler } from './scheduler.js'

/** A window that a page has opened beside itself. */
export interface Popup {
  readonly opener: Page
  /** What it shows: nothing yet, the bank, or a page of the app again. */
  shows: 'nothing' | 'bank' | 'app'
  isClosed: boolean
  /** The app's own Cross-Origin-Opener-Policy cuts its windows off from each other: it looks closed to the opener. */
  isCutOff: boolean
  /** The app's page in it, after it has come back. */
  page: Page | undefined
}

/** Ends a popup, with the page in it. */
export function closePopup(browser: Browser, popup: Popup): void {
  popup.isClosed = true
  if (popup.page) browser.end(popup.page)
}

/** Opens a popup for a page, and gives it as that page sees it. */
export function openPopup(scheduler: Scheduler, browser: Browser, opener: Page): Window {
  const popup: Popup = { opener, shows: 'nothing', isClosed: false, isCutOff: false, page: undefined }
  browser.popups.push(popup)
  opener.popupTransaction = undefined
  const show = (url: string): void => {
    opener.popupTransaction = new URL(url).searchParams.get('state')?.slice(0, 16)
    const run = (): void => {
      if (popup.isClosed) return
      popup.shows = 'bank'
      browser.departures.push({ page: opener, url: new URL(url), popup })
    }
    scheduler.add({ label: `the popup of ${opener.actor.name} shows the bank`, actor: scheduler.world, run })
  }
  const seen = {
    get closed() {
      return popup.isClosed || popup.isCutOff
    },
    close() {
      const run = (): void => {
        if (!popup.isCutOff) closePopup(browser, popup)
      }
      scheduler.add({ label: `the popup of ${opener.actor.name} is closed`, actor: scheduler.world, run })
    },
    location: {
      get href() {
        if (popup.shows === 'bank')
          throw new DOMException('Blocked a frame from another origin.', 'SecurityError')
        return 'about:blank'
      },
      set href(url: string) {
        show(url)
      },
    },
  }
  return seen as unknown as Window
}
