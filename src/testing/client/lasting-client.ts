import type {
  Authorization,
  AuthorizationState,
  CallbackState,
  Client,
  ConnectionsState,
  InstitutionsState,
  ReadableStore,
  TokensState,
} from '../../core/index.js'

/** The client of the page that a window shows, whichever page that is. */
export interface Pages {
  readonly current: () => Client
  /** Calls back when another page is shown, or what is hidden is shown; the function given back ends that. */
  readonly onChange: (listener: () => void) => () => void
  /** Resolves when the test's own beginning is set up. */
  readonly ready: Promise<void>
  readonly isReady: () => boolean
  /** States of before the test began, which nobody is shown. */
  readonly hidden: ReadonlySet<unknown>
  /** False for an app without users: then a sign-out leaves the same user. */
  readonly hasUsers: boolean
  /** Notes that the app's user has signed in or out. */
  readonly setSubject: (subject: string | null) => void
  readonly dispose: () => void
}

const restoring = { status: 'restoring' } as const
const idle = { status: 'idle' } as const

type Follow = <T>(key: string, read: () => ReadableStore<T>, show: (state: T) => T) => ReadableStore<T>

/**
 * Where the devtools find the client of the page that is shown: the one that lasts is not made by `createClient`. The symbol
 * is registered, so that neither of the two entries imports the other.
 */
const pagesOfClient = Symbol.for('countersign.pages')

/**
 * A client that lasts when the page is left: components keep it, and it goes on with the client of the page that the
 * provider sends the browser back to.
 */
export function createLastingClient(pages: Pages): Client {
  const stores = new Map<string, ReadableStore<unknown>>()
  const follow: Follow = <T>(key: string, read: () => ReadableStore<T>, show: (state: T) => T) => {
    const store = (stores.get(key) as ReadableStore<T> | undefined) ?? followPages(pages, read, show)
    stores.set(key, store)
    return store
  }
  const { current, onChange, ready, isReady } = pages
  let changes = 0
  const client: Client = {
    providers: current().providers,
    callback: follow<CallbackState>(
      'callback',
      () => current().callback,
      (state) => state,
    ),
    connections: {
      ...follow<ConnectionsState>(
        'connections',
        () => current().connections,
        (state) => (pages.isReady() ? state : restoring),
      ),
      refresh: () => {
        current().connections.refresh()
      },
      refreshAsync: () => current().connections.refreshAsync(),
    },
    authorization: createAuthorization(pages, follow),
    tokens: ((name: string, options: { readonly connection?: string } = {}) =>
      follow<TokensState>(
        `tokens ${name} ${options.connection ?? ''}`,
        () => current().tokens(name, options),
        (state) => (pages.isReady() ? state : restoring),
      )) as unknown as Client['tokens'],
    institutions: createInstitutions(pages, follow),
    interact: (name, interaction) => current().interact(name, interaction),
    ready: (async (name: string, options: { readonly signal?: AbortSignal }) => {
      await pages.ready
      return current().ready(name, options)
    }) as Client['ready'],
    setSubject(subject) {
      changes += 1
      pages.setSubject(subject)
      current().setSubject(subject)
    },
    async signOut() {
      const since = changes
      try {
        return await current().signOut()
      } finally {
        if (pages.hasUsers && since === changes) pages.setSubject(null)
      }
    },
    dispose: pages.dispose,
  }
  return Object.defineProperty(client, pagesOfClient, { value: { current, onChange, ready, isReady } })
}

/** Makes the lists of institutions of a client. */
const createInstitutions =
  (pages: Pages, follow: Follow) =>
  (name: string, options: { readonly query?: string | undefined } = {}): ReadableStore<InstitutionsState> =>
    follow<InstitutionsState>(
      `institutions ${name} ${options.query ?? ''}`,
      () => pages.current().institutions(name, options),
      (state) => state,
    )

/** Makes the authorizations of a client. What is called before the test has begun waits for that. */
function createAuthorization(pages: Pages, follow: Follow): Client['authorization'] {
  const begun = <Result>(work: () => Promise<Result>): Promise<Result> =>
    pages.isReady() ? work() : pages.ready.then(work)
  const unlessHidden = (state: AuthorizationState): AuthorizationState =>
    pages.isReady() && !pages.hidden.has(state) ? state : idle
  const whenBegun = (work: () => void): void => {
    // At once where that is possible: a popup opens only in the click.
    if (pages.isReady()) work()
    else void pages.ready.then(work)
  }
  return ((name: string, input: { readonly connection?: string } = {}): Authorization => {
    const real = (): Authorization => pages.current().authorization(name, input)
    // A mistake in the name is thrown here, as by the real one.
    real()
    return {
      ...follow(`authorization ${name} ${input.connection ?? ''}`, real, unlessHidden),
      authorize: (click) => {
        whenBegun(() => {
          real().authorize(click)
        })
      },
      authorizeAsync: (click) => begun(() => real().authorizeAsync(click)),
      prepare: (click) => {
        whenBegun(() => {
          real().prepare(click)
        })
      },
      prepareAsync: (click) => begun(() => real().prepareAsync(click)),
    }
  }) as Client['authorization']
}

/** A store that goes on with that of the next page. */
function followPages<T>(pages: Pages, read: () => ReadableStore<T>, show: (state: T) => T): ReadableStore<T> {
  return {
    get: () => show(read().get()),
    subscribe(listener) {
      let stop = read().subscribe(listener)
      const stopFollowing = pages.onChange(() => {
        stop()
        stop = read().subscribe(listener)
        listener()
      })
      return () => {
        stop()
        stopFollowing()
      }
    },
  }
}
