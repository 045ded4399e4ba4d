import { systemClock, type Clock } from './clock.js'
import { openDatabase, type Database } from './database.js'
import { windowNavigation, type Navigation } from './navigation.js'
import { openTabs, type Tabs } from './tabs.js'

/** A source of randomness. */
export interface Random {
  readonly draw: (length: number) => Uint8Array<ArrayBuffer>
  readonly uuid: () => string
  /** The id of a request to the backend. Requests come in any order. @defaultValue `uuid` */
  readonly requestId?: () => string
}

/** The browser, as the core sees it: everything outside the library in one object that tests can replace whole. */
export interface Platform {
  readonly clock: Clock
  readonly database: Database
  readonly navigation: Navigation
  readonly tabs: Tabs
  /** `false` where the browser knows that it has no network. */
  readonly isOnline: () => boolean
  /** The function behind every request of the page. */
  readonly fetch: typeof fetch
  /** The randomness behind a verifier, a `state`, a `nonce` and an id, for tests. @defaultValue Web Crypto's */
  readonly random?: Random
}

/** The real browser; database, locks and channel are called `name`. */
export function browserPlatform(name: string): Platform {
  const database = openDatabase(name)
  return {
    clock: systemClock,
    database,
    navigation: windowNavigation,
    tabs: openTabs(name, systemClock, database),
    isOnline: () => navigator.onLine,
    fetch: (input, init) => fetch(input, init),
  }
}
