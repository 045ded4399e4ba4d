import type { CountersignError } from '../../protocol/errors.js'
import { providerOf, type Context } from '../context.js'
import { lazyParts } from '../lazy.js'
import { createStore, type ReadableStore } from '../readable-store.js'
import { remember } from '../remember.js'
import type {
  Institution,
  InstitutionSearch,
  InstitutionsOptions,
  InstitutionsState,
} from './institutions-state.js'

/** Number of queries that are remembered. */
const maximumSearches = 50

/** The stores of institutions of one client: the same one for the same provider and query. */
export function createInstitutions(
  context: Context,
): (name: string, options?: InstitutionsOptions) => ReadableStore<InstitutionsState> {
  const searches = new Map<string, ReadableStore<InstitutionsState> & { readonly again: () => void }>()
  const shown = new Map<string, readonly Institution[]>()
  // What was refused to nobody, or to the user before, may be given to this one.
  context.onReset(() => {
    for (const { again } of searches.values()) again()
  })

  return (name, { query = '' } = {}) => {
    if (!providerOf(context, name).toInstitutionInput)
      throw new TypeError(`The provider "${name}" has no list of institutions: call authorize() without one.`)
    const found = remember(searches, `${name} ${query}`, () => {
      let watchers = 0
      const store = createStore<InstitutionsState>({ status: 'loading', institutions: shown.get(name) ?? [] })
      const search: InstitutionSearch = {
        ...{ name, query, store, isLoading: false },
        isWatched: () => watchers > 0,
        note: (institutions) => shown.set(name, institutions),
      }
      const load = (): void => {
        lazyParts().then(
          (parts) => parts.loadInstitutions(context, search),
          (error: unknown) => {
            const { institutions } = store.get()
            store.set({ status: 'failed', error: error as CountersignError, institutions, retry: load })
          },
        )
      }
      return {
        get: store.get,
        subscribe(listener) {
          const stop = store.subscribe(listener)
          if (watchers++ === 0) load()
          return () => {
            stop()
            watchers--
          }
        },
        again() {
          if (watchers > 0 && store.get().status === 'failed') load()
        },
      }
    })
    const [oldest = ''] = searches.keys()
    if (searches.size > maximumSearches) searches.delete(oldest)
    return found
  }
}
