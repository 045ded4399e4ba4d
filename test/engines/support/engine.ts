/** What a scenario needs of a browser: three engines have it, by two protocols. */

export type EngineName = 'Chromium' | 'Firefox' | 'WebKit'

/** A browser of one engine. */
export interface Engine {
  readonly name: EngineName
  /** A browser with an empty profile: storage, cookies and windows of its own. */
  readonly open: (settings?: ProfileSettings) => Promise<Profile>
}

/** What a person, or who administers the computer, has forbidden. */
export interface ProfileSettings {
  /** Sites may not set any, which takes storage along in Chromium and Firefox. @defaultValue false */
  readonly blocksCookies?: boolean
}

export interface Profile {
  /** Name and version of the browser, as it gives them itself. */
  readonly version: string
  readonly newTab: () => Promise<Tab>
  /** The window that an action opens. */
  readonly opened: (action: () => Promise<void>) => Promise<Tab>
  /** How many tabs and windows there are. */
  readonly count: () => Promise<number>
  readonly close: () => Promise<void>
}

export interface Tab {
  readonly goto: (url: string) => Promise<void>
  readonly url: () => Promise<string>
  readonly reload: () => Promise<void>
  /** Resolves before the page is there. */
  readonly back: () => Promise<void>
  readonly close: () => Promise<void>
  /**
   * Calls a function in the page. It sees nothing of the module that it is written in; what goes in and comes out is JSON.
   *
   * @throws when the function throws, or when the page goes away meanwhile.
   */
  readonly run: <Given extends readonly unknown[], Result>(
    script: (...given: Given) => Result | Promise<Result>,
    ...given: Given
  ) => Promise<Result>
  /** Where a control is, to be compared; empty when there is none (yet). */
  readonly place: (control: Control) => Promise<string>
  /**
   * Clicks as a person does, so that the page may open a window then. `false` when there is no such control (yet).
   */
  readonly click: (control: Control) => Promise<boolean>
}

/** A button, link or checkbox. */
export interface Control {
  /** Its name, all of it. */
  readonly name: string
  /** Name of the article that it is in. @defaultValue anywhere */
  readonly within?: string
}

/**
 * Finds a control that can be seen, as a person would name it. Runs in the page.
 *
 * @returns `null` when there is none.
 */
export function findControl({ name, within }: Control): Element | null {
  const tidy = (text: string | null | undefined) => (text ?? '').replace(/\s+/g, ' ').trim()
  const nameOf = (element: Element) => {
    const labelledBy = element.getAttribute('aria-labelledby')
    return tidy(
      element.getAttribute('aria-label') ??
        (labelledBy !== null ? document.getElementById(labelledBy)?.textContent : element.textContent),
    )
  }
  const roots =
    within === undefined
      ? [document.documentElement]
      : [...document.querySelectorAll('article')].filter((article) => nameOf(article) === within)
  return (
    roots
      .flatMap((root) => [...root.querySelectorAll('button, a[href], label, summary')])
      .find((element) => nameOf(element) === name && element.checkVisibility()) ?? null
  )
}

/** Where an element is. Runs in the page. */
export function placeOf(element: Element | null): string {
  const { x = 0, y = 0 } = element?.getBoundingClientRect() ?? {}
  return element ? `${String(x)} ${String(y)}` : ''
}
