import type { BrowserContext, Page } from 'playwright-core'

/**
 * What can be wrong with IndexedDB. `blocked`: it may not be opened; `broken`: opening it ends in an error; `full`:
 * nothing more can be put into it. In the first two what was open is closed, too.
 */
export type Trouble = 'blocked' | 'broken' | 'full'

/** IndexedDB as a profile has it: sound until somebody says otherwise, and again afterwards. */
export interface FragileStorage {
  readonly breakDown: (trouble: Trouble) => Promise<void>
  readonly recover: () => Promise<void>
}

/** Puts a switch before IndexedDB in every page of a profile: to be called before the first one opens. */
export async function makeFragile(context: BrowserContext, origin: string): Promise<FragileStorage> {
  await context.addInitScript(install)
  return {
    // A cookie, since it is there before any script of the next page and can be changed from outside.
    breakDown: (trouble) => context.addCookies([{ name: 'trouble', value: trouble, url: origin }]),
    recover: () => context.clearCookies({ name: 'trouble' }),
  }
}

/** Has the browser delete what is in IndexedDB, as a person does in its settings: what is open is closed by force. */
export async function clearStorage(page: Page, origin: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  await session.detach()
}

/** Runs in the page. */
function install(): void {
  const trouble = (): string | undefined => /(?:^|; )trouble=(\w+)/.exec(document.cookie)?.[1]
  const closed = (): boolean => trouble() === 'blocked' || trouble() === 'broken'
  // As methods are called on their prototypes' instances, the originals are taken off and applied to these.
  const { open } = Object.getOwnPropertyDescriptors(IDBFactory.prototype)
  const { transaction } = Object.getOwnPropertyDescriptors(IDBDatabase.prototype)
  const { put } = Object.getOwnPropertyDescriptors(IDBObjectStore.prototype)
  const original = <Method>(descriptor: TypedPropertyDescriptor<Method> | undefined): Method =>
    descriptor?.value as Method
  IDBFactory.prototype.open = function (...given) {
    if (trouble() === 'blocked')
      throw new DOMException('The user denied permission to access the database.', 'SecurityError')
    if (trouble() !== 'broken') return original(open).apply(this, given)
    const request = original(open).call(this, 'broken')
    request.addEventListener('upgradeneeded', () => request.transaction?.abort())
    return request
  }
  IDBDatabase.prototype.transaction = function (...given) {
    if (closed()) throw new DOMException('The database connection is closing.', 'InvalidStateError')
    return original(transaction).apply(this, given)
  }
  IDBObjectStore.prototype.put = function (...given) {
    if (trouble() === 'full') throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
    return original(put).apply(this, given)
  }
}
