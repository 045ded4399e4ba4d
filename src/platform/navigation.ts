/** The address bar and the ways to leave the page. */
export interface Navigation {
  /** The current URL. */
  url(): URL
  /** True when this document is the top of its window: responses are not taken in frames. */
  isTopLevel(): boolean
  /** Runs `work` at once, or when a prerendered page is shown. */
  whenActive(work: () => void): void
  /** The state of the current history entry. */
  historyState(): unknown
  /** Replaces the current history entry: URL and state. */
  replace(url: string, state: unknown): void
  /**
   * Leaves for another site. `onCancelled` is called when the browser tells that it does not happen after all, which it
   * does where there is a Navigation API, and only for Stop, a dismissed `beforeunload` and another navigation: an answer
   * 204 and a download fire no event. A router that changes the address meanwhile counts as well, and the page leaves all
   * the same.
   */
  assign(url: string, onCancelled: () => void): void
  /** Opens a connection to the origin of a URL ahead of leaving for it. Sends nothing. */
  preconnect(url: string): void
  /** Opens an empty popup, inside a click; `null` when the browser refuses. */
  openPopup(): Window | null
  /** Closes this window, where a script opened it. */
  close(): void
  /**
   * Calls back when the page is on show again, from behind another tab or out of the back/forward cache: messages of other
   * tabs may have been missed meanwhile. The function given back ends that.
   */
  onShown(listener: () => void): () => void
  /**
   * Calls back when the page goes away: it is left, closed, or kept in the back/forward cache. The function given back ends
   * that. A platform may do without.
   */
  onHidden?(listener: () => void): () => void
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
  assign(url, onCancelled) {
    // lib.dom promises it always; browsers before 2026 do not have it.
    const { navigation } = window as Partial<Window>
    // Not `navigateerror`: that of a navigation before this one, which this one ends, is fired meanwhile.
    navigation?.addEventListener(
      'navigate',
      ({ signal }) => {
        signal.addEventListener('abort', onCancelled)
      },
      { once: true },
    )
    location.assign(url)
  },
  preconnect(url) {
    const link = document.createElement('link')
    Object.assign(link, { rel: 'preconnect', href: new URL(url).origin })
    document.head.append(link)
    // The connection stays for a while; the page is left as it was.
    link.remove()
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
    const handle = ({ persisted }: Event & { readonly persisted?: boolean }): void => {
      // Of these events, only the `pageshow` of a page that is loaded says `false`.
      if (!document.hidden && persisted !== false) listener()
    }
    const stops = [listen(document, 'visibilitychange', handle), listen(window, 'pageshow', handle)]
    return () => {
      for (const stop of stops) stop()
    }
  },
  onHidden: (listener) => listen(window, 'pagehide', listener),
}

function listen(target: EventTarget, type: string, listener: (event: Event) => void): () => void {
  target.addEventListener(type, listener)
  return () => {
    target.removeEventListener(type, listener)
  }
}
