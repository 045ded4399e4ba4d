import type { Client } from '../../core/index.js'

/** The pages of a client that lasts when its page is left: `bank.client` of the testing kit. */
export interface Pages {
  /** The client of the page that is shown now: one that `createClient` has made. */
  readonly current: () => Client
  /** Calls back as soon as another page is shown; the function given back ends that. */
  readonly onChange: (listener: () => void) => () => void
  /** Resolves when what the test begins with is there: nobody sees how it came about. */
  readonly ready: Promise<void>
  readonly isReady: () => boolean
}

const pagesOfClient = Symbol.for('countersign.pages')

/** The pages of a client of the testing kit; `undefined` for any other. */
export const pagesOf = (client: object): Pages | undefined =>
  (client as { readonly [pagesOfClient]?: Pages })[pagesOfClient]
