import { CountersignError } from '../../protocol/errors.js'
import { openChannel } from '../channel/open-channel.js'
import type { InstitutionPage } from '../channel/channel.js'
import { providerOf, type Context } from '../context.js'
import { reportMistake } from '../in-background.js'
import type { InstitutionSearch } from './institutions-state.js'

/** Seconds for which a list is good: as long as the reference backend keeps it. */
const goodSeconds = 3600

/** Seconds in which somebody who types does not wait for what they have typed so far. */
const typingSeconds = 0.2

/** Loads the first page of a search, unless it is there, on its way, or nobody waits for it any more. Never rejects. */
export async function loadInstitutions(context: Context, search: InstitutionSearch): Promise<void> {
  const { query, loadedAt = -Infinity, isWatched } = search
  const { clock } = context.platform
  if (search.isLoading || clock.now() - loadedAt < goodSeconds) return
  search.isLoading = true
  if (query !== '') await new Promise<void>((resolve) => clock.after(typingSeconds, resolve))
  search.isLoading = false
  if (!isWatched()) return
  await loadPage(context, search)
}

/**
 * Loads a page and shows it after those before it.
 *
 * @param cursor Of the page before; absent: it is the first one, and takes the place of whatever is shown.
 */
async function loadPage(context: Context, search: InstitutionSearch, cursor?: string): Promise<void> {
  const { name, query, store } = search
  if (search.isLoading) return
  search.isLoading = true
  const before = store.get().institutions
  store.set({ status: 'loading', institutions: before })
  try {
    const { institutions: found, nextCursor } = await ask(context, name, query, cursor)
    const toInput = providerOf(context, name).toInstitutionInput as (id: string) => object
    const ids = new Set(found.map(({ id }) => id))
    const institutions = [
      ...(cursor === undefined ? [] : before.filter(({ id }) => !ids.has(id))),
      ...found.map((one) => ({ ...one, input: toInput(one.id) })),
    ]
    search.loadedAt = context.platform.clock.now()
    search.note(institutions)
    const more = (): void => void loadPage(context, search, nextCursor)
    store.set({ status: 'ready', institutions, ...(nextCursor !== undefined && { more }) })
  } catch (error) {
    const retry = (): void => void loadPage(context, search, cursor)
    store.set({ status: 'failed', error: toShown(error), institutions: before, retry })
  } finally {
    search.isLoading = false
  }
}

/** The error to show. A mistake in the app's code is reported as well, so the list does not stay in `loading`. */
function toShown(error: unknown): CountersignError {
  if (error instanceof CountersignError) return error
  reportMistake(error)
  return new CountersignError(
    'input_invalid',
    'The list of institutions cannot be read: see the error in the console.',
    { recovery: 'configure' },
  )
}

/** @throws {CountersignError} `sign_in_required` while nobody is signed in, and what the channel throws. */
async function ask(
  context: Context,
  name: string,
  query: string,
  cursor: string | undefined,
): Promise<InstitutionPage> {
  await context.requireSubject()
  if (context.subject() === null) throw signInRequired()
  const channel = await openChannel(context, name)
  if (!channel.institutions)
    throw new TypeError(`The provider "${name}" is used without a backend, which would have the list.`)
  return channel.institutions(query, cursor)
}

const signInRequired = (): CountersignError =>
  new CountersignError(
    'sign_in_required',
    'The list of institutions is for users of this app: sign in first.',
    { recovery: 'sign_in' },
  )
