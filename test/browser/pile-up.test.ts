import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { Client } from 'countersign'
import {
  approve,
  approveAndHold,
  connect,
  disconnect,
  goToConsentInWindow,
  pressInWindow,
  readDatabase,
  signInAtBank,
  useBench,
  waitForStatus,
} from './support/bench.js'
import { askForToken, askResource } from './support/client.js'

// Apiture's tokens are in the memory of the page, and die with it.
const bench = useBench({ page: {} })

interface BenchWindow {
  readonly bank: Client
  marked?: boolean
}

const renewable = 'Connect again to go on'

/** Begins a new connection: the demo's button would renew one that must be renewed. */
async function goToBank(page: Page, provider = 'apiture'): Promise<void> {
  await page.evaluate((name) => {
    void (window as unknown as BenchWindow).bank.authorization(name).authorizeAsync()
  }, provider)
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
}

/** The same, and signs in at the bank: the consent page is shown. */
async function leave(page: Page): Promise<void> {
  await goToBank(page)
  await signInAtBank(page, 'Apiture')
}

/** Makes a new connection. Resolves with its id. */
async function connectAnew(page: Page): Promise<string> {
  await leave(page)
  await page.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(page, 'Apiture', 'Connected')
  return shownConnection(page)
}

/** The id of the connection that `useConnection('apiture')` shows to whoever looks now. */
const shownConnection = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const state = (window as unknown as BenchWindow).bank.tokens('apiture').get()
    return 'connection' in state ? state.connection.id : state.status
  })

/** The ids of all connections, as a page knows them. */
const listed = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const state = (window as unknown as BenchWindow).bank.connections.get()
    return state.status === 'ready' ? state.connections.map(({ id }) => id) : []
  })

/** The ids of all connections, as they lie in the database. */
const stored = async (page: Page): Promise<string[]> =>
  Object.keys(await readDatabase(page))
    .filter((key) => key.startsWith('connection:'))
    .map((key) => key.replace('connection:', ''))

/** The names of the locks that say which connections a page has tokens of. */
const held = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const { held: locks = [] } = await navigator.locks.query()
    return locks.map(({ name = '' }) => name).filter((name) => name.includes(':held:'))
  })

const revocations = () => bench.demo.banks.apiture.requests.find('/oidc/revoke')

/** A blank page of the app's origin, which runs none of its scripts. */
async function openBeside(page: Page): Promise<Page> {
  const beside = await page.context().newPage()
  await beside.goto(`${bench.demo.origin}/icon.svg`)
  return beside
}

describe('a person who connects and reloads the page three times', () => {
  it('has one connection, with the id of the first', async () => {
    const page = await bench.open()
    const first = await connectAnew(page)
    for (let time = 0; time < 3; time++) {
      await page.reload()
      await waitForStatus(page, 'Apiture', renewable)
      expect(await connectAnew(page)).toBe(first)
      expect(await listed(page)).toEqual([first])
    }
    expect(await stored(page)).toEqual([first])
    expect(await askForToken(page, 'apiture')).toMatchObject({ answered: 1, errors: [] })
    expect(revocations()).toEqual([])
    await page.reload()
    await waitForStatus(page, 'Apiture', renewable)
    expect(await listed(page)).toEqual([first])
  })

  it('has one connection for each time where the browser has no Web Locks', async () => {
    const profile = await bench.newProfile()
    await profile.addInitScript(() => {
      Object.defineProperty(navigator, 'locks', { value: undefined })
    })
    const page = await bench.openTab(profile)
    const first = await connectAnew(page)
    await page.reload()
    await waitForStatus(page, 'Apiture', renewable)
    const second = await connectAnew(page)
    expect(await listed(page)).toEqual([first, second])
  })
})

describe('a connection that another tab has tokens of', () => {
  it('is not replaced, and that tab goes on with it', async () => {
    const page = await bench.open()
    const first = await connectAnew(page)
    const other = await bench.openTab(page.context())
    await waitForStatus(other, 'Apiture', renewable)
    const second = await connectAnew(other)
    expect(second).not.toBe(first)
    expect(await listed(other)).toEqual([first, second])
    expect(await askForToken(other, 'apiture')).toMatchObject({ answered: 1, errors: [] })
    await waitForStatus(page, 'Apiture', 'Connected')
    expect(await askResource(page, 'apiture', '/accounts')).toEqual([200])
    expect(revocations()).toEqual([])
  })

  it('is not replaced when both come back from the bank at the same time', async () => {
    const page = await bench.open()
    const dead = await connectAnew(page)
    await page.reload()
    await waitForStatus(page, 'Apiture', renewable)
    const other = await bench.openTab(page.context())
    const tabs = [page, other]
    for (const tab of tabs) await leave(tab)
    const returns = await Promise.all(tabs.map(approveAndHold))
    await Promise.all(returns.map(({ letGo }) => letGo()))
    for (const tab of tabs) await waitForStatus(tab, 'Apiture', 'Connected')
    // One of them got the place of the one without a page.
    const ids = await stored(page)
    expect(ids).toHaveLength(2)
    expect(ids).toContain(dead)
  })

  it('is replaced once that tab is closed', async () => {
    const page = await bench.open()
    const first = await connectAnew(page)
    const other = await bench.openTab(page.context())
    await page.close()
    expect(await connectAnew(other)).toBe(first)
    expect(await stored(other)).toEqual([first])
  })
})

describe('a page that goes to the back/forward cache', () => {
  const mark = (page: Page) => page.evaluate(() => ((window as unknown as BenchWindow).marked = true))
  const isMarked = (page: Page) => page.evaluate(() => (window as unknown as BenchWindow).marked === true)

  /** The demo's page without its `no-store`, with which a page that has fetched tokens is not kept, and a connection. */
  async function openConnected() {
    const page = await (await bench.newProfile()).newPage()
    const session = await page.context().newCDPSession(page)
    session.on('Fetch.requestPaused', ({ requestId, responseStatusCode = 200, responseHeaders = [] }) => {
      void session.send('Fetch.continueResponse', {
        requestId,
        responseCode: responseStatusCode,
        responseHeaders: responseHeaders.filter(({ name }) => name.toLowerCase() !== 'cache-control'),
      })
    })
    await session.send('Fetch.enable', { patterns: [{ resourceType: 'Document', requestStage: 'Response' }] })
    await page.goto(bench.demo.origin)
    await session.detach()
    // Tokens come to the page that opens the window: it need not be loaded again.
    const popup = await goToConsentInWindow(page, 'Apiture')
    await pressInWindow(popup, 'Approve')
    await waitForStatus(page, 'Apiture', 'Connected')
    await mark(page)
    return { page, id: await shownConnection(page) }
  }

  it('is kept although it has tokens, and has its lock again when it is back', async () => {
    const { page, id } = await openConnected()
    const beside = await openBeside(page)
    expect(await held(beside)).toEqual([`countersign:held:${id}`])
    await goToBank(page)
    expect(await held(beside)).toEqual([])
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, 'Apiture', 'Connected')
    expect(await isMarked(page)).toBe(true)
    await expect.poll(() => held(beside)).toEqual([`countersign:held:${id}`])
    expect(await askResource(page, 'apiture', '/accounts')).toEqual([200])
    // It counts as one with tokens again.
    const other = await bench.openTab(page.context())
    expect(await connectAnew(other)).not.toBe(id)
    await waitForStatus(page, 'Apiture', 'Connected')
  })

  it('and comes back after another tab has taken its connection’s place finds one, of the same id', async () => {
    const { page, id } = await openConnected()
    const other = await bench.openTab(page.context())
    await goToBank(page)
    expect(await connectAnew(other)).toBe(id)
    await page.goBack({ waitUntil: 'commit' })
    await waitForStatus(page, 'Apiture', `(Connected|${renewable})`)
    expect(await listed(page)).toEqual([id])
    expect(await askResource(other, 'apiture', '/accounts')).toEqual([200])
  })
})

describe('the callback page', () => {
  it.each(['Apiture', 'Stitch'] as const)(
    '%s: shows the newest connection from the first moment, without a reload',
    async (title) => {
      const name = title.toLowerCase()
      const page = await bench.open()
      // A component that shows the connection without saying which one.
      await page.addInitScript((provider) => {
        const shown: string[] = []
        Object.defineProperty(window, 'bank', {
          configurable: true,
          set(bank: Client) {
            Object.defineProperty(window, 'bank', { value: bank })
            const tokens = bank.tokens(provider)
            const look = () => {
              const state = tokens.get()
              if ('connection' in state) shown.push(`${state.connection.id} ${state.status}`)
            }
            tokens.subscribe(look)
          },
        })
        Object.assign(window, { shown })
      }, name)
      await page.reload()
      await connect(page, title)
      await page.reload()
      await waitForStatus(page, title, title === 'Stitch' ? 'Connected' : renewable)
      await goToBank(page, name)
      await signInAtBank(page, title)
      await approve(page)
      await waitForStatus(page, title, 'Connected')
      const { shown, outcome } = await page.evaluate(() => {
        const { bank, shown } = window as unknown as BenchWindow & { shown: string[] }
        const told = bank.callback.get()
        return { shown, outcome: 'connection' in told ? told.connection.id : told.status }
      })
      expect(shown.at(-1)).toBe(`${outcome} connected`)
    },
  )
})

describe('a connection that is disconnected in another tab', () => {
  it('has its tokens revoked by the tab that has them', async () => {
    const page = await bench.open()
    const id = await connectAnew(page)
    const other = await bench.openTab(page.context())
    await waitForStatus(other, 'Apiture', renewable)
    await disconnect(other, 'Apiture')
    await waitForStatus(page, 'Apiture', 'Not connected')
    await expect
      .poll(() => revocations().map(({ parameters }) => parameters.token_type_hint))
      .toEqual(['refresh_token', 'access_token'])
    expect(await held(page)).toEqual([])
    expect(await stored(page)).toEqual([])
    expect(Object.keys(await readDatabase(page))).toContain(`disconnected:${id}`)
  })

  it('has nothing revoked when its record is gone because storage was cleared', async () => {
    const page = await bench.open()
    const id = await connectAnew(page)
    const other = await bench.openTab(page.context())
    await waitForStatus(other, 'Apiture', renewable)
    await other.evaluate(
      (key) =>
        new Promise<void>((resolve) => {
          const open = indexedDB.open('countersign')
          open.onsuccess = () => {
            const stored = open.result.transaction('records', 'readwrite')
            stored.objectStore('records').delete(key)
            stored.oncomplete = () => {
              open.result.close()
              new BroadcastChannel('countersign').postMessage({ v: 1, id: 'anything' })
              resolve()
            }
          }
        }),
      `connection:${id}`,
    )
    await waitForStatus(page, 'Apiture', 'Not connected')
    expect(revocations()).toEqual([])
  })
})
