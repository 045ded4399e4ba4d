/** The address bar and the ways to leave the page. */
export interface Navigation {
  /** The current URL. */
  url(): URL
  /** Whether this document is the top of its window: responses are not taken in frames. */
  isTopLevel(): boolean
  /** Runs `work` at once, or when a prerendered page is shown. */
  whenActive(work: () => void): void
  /** The state of the current history entry. */
  historyState(): unknown
  /** Replaces the current history entry: URL and state. */
  replace(url: string, state: unknown): void
  /** Leaves for another site. */
  assign(url: string): void
  /** Opens an empty popup, inside a click; `null` when the browser refuses. */
  openPopup(): Window | null
  /** Closes this window, where a script opened it. */
  close(): void
  /**
   * Calls back when the person looks at the page again: messages of other tabs may have been missed meanwhile. The
   * function given back ends that.
   */
  onVisible(listener: () => void): () => void
  /** Calls back when the page is shown again out of the back/forward cache; the function given back ends that. */
  onRestored(listener: () => void): () => void
}

/** The real window's navigation. */
export const windowNavigation: Navigation = {
  url: () => new URL(location.href),
  isTopLevel: () => window.top === window,
  whenActive(work) {
    if ((document as { prerendering?: boolean }).prerendering)
      document.addEventListener('prerenderingchange', work, { once: true })
    else work()
  },
  historyState: () => history.state as unknown,
  replace(url, state) {
    history.replaceState(state, '', url)
  },
  assign(url) {
    location.assign(url)
  },
  onVisible(listener) {
    const handle = (): void => {
      if (!document.hidden) listener()
    }
    document.addEventListener('visibilitychange', handle)
    return () => {
      document.removeEventListener('visibilitychange', handle)
    }
  },
  openPopup() {
    const popup = window.open('', '', 'popup,width=520,height=720')
    // The provider's page must not be able to send this one elsewhere.
    if (popup) popup.opener = null
    return popup
  },
  close() {
    window.close()
  },
  onRestored(listener) {
    const handle = (event: PageTransitionEvent): void => {
      if (event.persisted) listener()
    }
    addEventListener('pageshow', handle)
    return () => {
      removeEventListener('pageshow', handle)
    }
  },
}
