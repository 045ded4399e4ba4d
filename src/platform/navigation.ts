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
   * Calls back when the page is on show again: it is visible again, comes out of the back/forward cache, or did not leave
   * after all. Messages of other tabs may have been missed meanwhile. The function given back ends that.
   *
   * That a page does not leave is heard where there is a Navigation API, and only of Stop and of a dismissed
   * `beforeunload`: a download and an answer 204 fire no event in any browser. It is also heard when a router changes the
   * address meanwhile, and the page leaves all the same.
   */
  onShown(listener: () => void): () => void
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
  openPopup() {
    const popup = window.open('', '', 'popup,width=520,height=720')
    // The provider's page must not be able to send this one elsewhere.
    if (popup) popup.opener = null
    return popup
  },
  close() {
    window.close()
  },
  onShown(listener) {
    const stop = new AbortController()
    const { signal } = stop
    const handle = ({ persisted }: Event & { readonly persisted?: boolean }): void => {
      // Of these events, only the `pageshow` of a page that is loaded says `false`.
      if (!document.hidden && persisted !== false) listener()
    }
    document.addEventListener('visibilitychange', handle, { signal })
    addEventListener('pageshow', handle, { signal })
    // lib.dom promises it always; browsers before 2026 do not have it.
    ;(globalThis.navigation as EventTarget | undefined)?.addEventListener('navigateerror', handle, { signal })
    return () => {
      stop.abort()
    }
  },
}
