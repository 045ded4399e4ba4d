import type {
  Authorization,
  AuthorizationState,
  CallbackState,
  Client,
  ConnectionsState,
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
  /** Notes that the app's user has signed in or out. */
  readonly setSubject: (subject: string | null) => void
  readonly dispose: () => void
}

const restoring = { status: 'restoring' } as const
const idle = { status: 'idle' } as const

/**
 * A client that lasts when the page is left: components keep it, and it goes on with the client of the page that the
 * provider sends the browser back to.
 */
export function createLastingClient(pages: Pages): Client {
  const stores = new Map<string, ReadableStore<unknown>>()
  const follow = <T>(key: string, read: () => ReadableStore<T>, show: (state: T) => T): ReadableStore<T> => {
    const known = stores.get(key) as ReadableStore<T> | undefined
    const store = known ?? followPages(pages, read, show)
    stores.set(key, store)
    return store
  }
  const unlessHidden = (state: AuthorizationState): AuthorizationState =>
    pages.isReady() && !pages.hidden.has(state) ? state : idle

  const authorization = (name: string, input: { readonly connection?: string } = {}): Authorization => {
    const real = (): Authorization => pages.current().authorization(name, input)
    // A mistake in the name is thrown here, as by the real one.
    real()
    const run = <Result>(work: () => Promise<Result>): Promise<Result> =>
      pages.isReady() ? work() : pages.ready.then(work)
    return {
      ...follow(`authorization ${name} ${input.connection ?? ''}`, real, unlessHidden),
      authorize(click) {
        if (pages.isReady()) real().authorize(click)
        else void pages.ready.then(() => real().authorize(click))
      },
      authorizeAsync: (click) => run(() => real().authorizeAsync(click)),
      prepare(click) {
        if (pages.isReady()) real().prepare(click)
        else void pages.ready.then(() => real().prepare(click))
      },
      prepareAsync: (click) => run(() => real().prepareAsync(click)),
    }
  }

  const client: Client = {
    providers: pages.current().providers,
    callback: follow<CallbackState>(
      'callback',
      () => pages.current().callback,
      (state) => state,
    ),
    connections: {
      ...follow<ConnectionsState>(
        'connections',
        () => pages.current().connections,
        (state) => (pages.isReady() ? state : restoring),
      ),
      refresh: () => pages.current().connections.refresh(),
      refreshAsync: () => pages.current().connections.refreshAsync(),
    },
    authorization: authorization as Client['authorization'],
    tokens: ((name: string, options: { readonly connection?: string } = {}) =>
      follow<TokensState>(
        `tokens ${name} ${options.connection ?? ''}`,
        () => pages.current().tokens(name, options),
        (state) => (pages.isReady() ? state : restoring),
      )) as unknown as Client['tokens'],
    ready: (async (name: string, options: { readonly signal?: AbortSignal }) => {
      await pages.ready
      return pages.current().ready(name, options)
    }) as Client['ready'],
    setSubject(subject) {
      pages.setSubject(subject)
      pages.current().setSubject(subject)
    },
    dispose: pages.dispose,
  }
  return client
}

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
