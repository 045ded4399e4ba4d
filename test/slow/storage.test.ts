import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  approve,
  card,
  connect,
  connectButton,
  duplicate,
  followLink,
  goToConsent,
  pressConnect,
  readDatabase,
  setClock,
  signInAtBank,
  status,
  useBench,
  waitForStatus,
} from '../browser/support/bench.js'
import { askForToken } from '../browser/support/client.js'
import { clearStorage, makeFragile, type FragileStorage, type Trouble } from '../browser/support/storage.js'

// Tokens that all tabs share: only they need a lock when they are refreshed.
const bench = useBench({ page: {}, clock: true, dpop: true })
const apiture = () => bench.demo.banks.apiture
const stitch = () => bench.demo.banks.stitch
const redemptions = () => apiture().requests.count('/oidc/token', { grant_type: 'authorization_code' })

const titles = ['Apiture', 'Stitch'] as const

/** The demo's page in a profile whose IndexedDB can be made worse. */
async function open(trouble?: Trouble): Promise<FragileStorage & { readonly page: Page }> {
  const context = await bench.newProfile()
  const storage = await makeFragile(context, bench.demo.origin)
  if (trouble) await storage.breakDown(trouble)
  const page = await context.newPage()
  await page.goto(bench.demo.origin)
  return { ...storage, page }
}

/** What the card says of the attempt to connect that came to nothing. */
const complaint = (page: Page, title: string) =>
  card(page, title)
    .getByRole('alert')
    .filter({ has: page.getByText('storage_unavailable', { exact: true }) })
    .first()

/** Everything that the page has put anywhere but into IndexedDB. */
const keptElsewhere = (page: Page) =>
  page.evaluate(() => [
    // What the demo itself remembers of the person's choices is no concern of the library.
    ...[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter(
      (key) => !key.startsWith('lasagna:'),
    ),
    ...document.cookie.split('; ').filter((cookie) => !cookie.startsWith('trouble=')),
    ...(history.state === null ? [] : ['history.state']),
  ])

/** Requests for the banks' pages: somebody was sent there. */
const visits = () =>
  [...apiture().requests.all, ...stitch().requests.all].filter(({ path }) => path.endsWith('/authorize'))

/** The phases of the transactions in the database. */
const phases = async (page: Page) =>
  Object.values(await readDatabase(page)).flatMap((record) => (record as { phase?: string }).phase ?? [])

/** Moves the pointer to the button, and waits until that has prepared the way. */
async function prepare(page: Page, title: string): Promise<void> {
  await connectButton(page, title).hover()
  await expect.poll(() => phases(page)).toEqual(['prepared'])
}

/**
 * Presses `Connect …` by the keyboard, for a pointer would prepare as well, and waits until that has come to its end: what the card
 * complains of may be from before.
 */
async function pressInVain(page: Page, title: string): Promise<void> {
  await connectButton(page, title).press('Enter')
  await expect.poll(() => status(page, title).textContent(), { timeout: 60_000 }).not.toBe('Connecting…')
}

describe('IndexedDB that is', () => {
  it.each(['blocked', 'broken', 'full'] as const)(
    '%s is noticed before anybody leaves, and the same page connects when it works again',
    async (trouble) => {
      const { page, breakDown, recover } = await open()
      for (const title of titles) await waitForStatus(page, title, 'Not connected')
      await breakDown(trouble)
      for (const title of titles) {
        await pressInVain(page, title)
        await complaint(page, title).waitFor()
      }
      expect(page.url()).toBe(`${bench.demo.origin}/`)
      expect(visits()).toEqual([])
      expect(await keptElsewhere(page)).toEqual([])

      await recover()
      await complaint(page, 'Stitch').getByRole('button', { name: 'Start again' }).click()
      await signInAtBank(page, 'Stitch')
      await page.getByRole('button', { name: 'Approve' }).click()
      await waitForStatus(page, 'Stitch', 'Connected')
      await connect(page, 'Apiture')
    },
  )

  it.each(['blocked', 'broken'] as const)('%s from the start is said so at once', async (trouble) => {
    const { page, recover } = await open(trouble)
    await complaint(page, 'Apiture').waitFor()
    await pressInVain(page, 'Apiture')
    await expect.poll(() => card(page, 'Apiture').getByRole('alert').count()).toBe(2)
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    expect(visits()).toEqual([])
    await recover()
    await page.reload()
    await connect(page, 'Apiture')
  })

  it.each(['blocked', 'full'] as const)(
    '%s when all was prepared keeps the person here, although the way is known',
    async (trouble) => {
      const { page, breakDown } = await open()
      await prepare(page, 'Apiture')
      // The last thing that preparing stores.
      await expect.poll(async () => Object.keys(await readDatabase(page))).toContain('dpop:apiture')
      await breakDown(trouble)
      await pressConnect(page, 'Apiture')
      await complaint(page, 'Apiture').waitFor()
      expect(page.url()).toBe(`${bench.demo.origin}/`)
      expect(apiture().requests.count('/oidc/authorize')).toBe(0)
    },
  )

  it('full by the browser’s own count is noticed before anybody leaves', async () => {
    const page = await (await bench.newProfile()).newPage()
    const session = await page.context().newCDPSession(page)
    const { origin } = bench.demo
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1 })
    await page.goto(origin)
    await pressInVain(page, 'Apiture')
    await complaint(page, 'Apiture').waitFor()
    expect(page.url()).toBe(`${origin}/`)
    expect(visits()).toEqual([])
    await session.send('Storage.overrideQuotaForOrigin', { origin })
    await connect(page, 'Apiture')
  })
})

describe('IndexedDB that vanishes', () => {
  it.each(titles)('between preparation and click: %s connects all the same', async (title) => {
    const page = await bench.open()
    await prepare(page, title)
    await clearStorage(page, bench.demo.origin)
    await connect(page, title)
  })

  it.each(titles)('while the person is at the bank: the answer to %s is not used', async (title) => {
    const page = await bench.open()
    await goToConsent(page, title)
    await clearStorage(page, bench.demo.origin)
    const redeemed: string[] = []
    page.on('request', (request) => redeemed.push(new URL(request.url()).pathname))
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByText('state_unknown').waitFor()
    expect(new URL(page.url()).search).toBe('')
    expect(redeemed.filter((path) => path.endsWith('/token'))).toEqual([])
    expect(apiture().requests.count('/oidc/token') + stitch().requests.count('/connect/token')).toBe(0)
    await connect(page, title)
  })

  it('when another script deletes it: that waits for no page, and every page goes on', async () => {
    const page = await bench.open()
    await waitForStatus(page, 'Apiture', 'Not connected')
    const other = await page.context().newPage()
    await other.goto(bench.demo.origin)
    await waitForStatus(other, 'Apiture', 'Not connected')
    await other.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const deletion = indexedDB.deleteDatabase('countersign')
          deletion.onsuccess = () => {
            resolve()
          }
          deletion.onblocked = () => {
            reject(new Error('a page holds on to the database'))
          }
        }),
    )
    await connect(page, 'Apiture')
    await waitForStatus(other, 'Apiture', 'Connected')
  })

  it('under a connection costs nothing that the backend keeps', async () => {
    const page = await bench.open()
    for (const title of titles) await connect(page, title)
    await clearStorage(page, bench.demo.origin)
    await page.reload()
    await waitForStatus(page, 'Stitch', 'Connected')
    await card(page, 'Stitch').getByRole('table').waitFor()
    await waitForStatus(page, 'Apiture', 'Not connected')
    expect(stitch().requests.count('/connect/token')).toBe(1)
  })
})

describe('IndexedDB that is blocked when the person comes back', () => {
  it('keeps the code here, and "Try again" goes on when it works again', async () => {
    const { page, breakDown, recover } = await open()
    await goToConsent(page, 'Apiture')
    await breakDown('blocked')
    await page.getByRole('button', { name: 'Approve' }).click()
    const problem = page.getByRole('region', { name: 'Problem' })
    await problem.getByText('storage_unavailable').waitFor()
    expect(new URL(page.url()).search).toBe('')
    expect(apiture().requests.count('/oidc/token')).toBe(0)
    await recover()
    await problem.getByRole('button', { name: 'Try again' }).click()
    await waitForStatus(page, 'Apiture', 'Connected')
    expect(redemptions()).toBe(1)
  })
})

describe('a browser without Web Locks', () => {
  /** A profile without them. Its pages count how often they look at a lease. */
  async function newProfile(): Promise<BrowserContext> {
    const context = await bench.newProfile()
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })
      const looks: Record<string, number> = {}
      Object.assign(window, { looks })
      const get = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, 'get')?.value as (
        this: IDBObjectStore,
        key: string,
      ) => IDBRequest<unknown>
      IDBObjectStore.prototype.get = function (key: string) {
        const [, kind] = /^lease:(\w+):/.exec(key) ?? []
        if (kind) looks[kind] = (looks[kind] ?? 0) + 1
        return get.call(this, key)
      }
    })
    return context
  }

  /** Waits until a tab has looked at a lease, found it taken and looked again. */
  const waitsForLease = (tab: Page, kind: 'tx' | 'refresh') =>
    tab.waitForFunction(
      (kind) => ((window as unknown as { looks: Record<string, number> }).looks[kind] ?? 0) > 1,
      kind,
    )

  /** Holds what goes to the token endpoint until it is let go; tells when the first request is there. */
  async function holdTokenRequests(context: BrowserContext) {
    let letGo: () => void = () => undefined
    let arrive: () => void = () => undefined
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    const open = new Promise<void>((resolve) => (letGo = resolve))
    await context.route('**/oidc/token', async (route) => {
      arrive()
      await open
      await route.continue()
    })
    return { arrived, letGo }
  }

  it('redeems once for two tabs with the same answer: one waits for the other', async () => {
    const context = await newProfile()
    const first = await context.newPage()
    await first.goto(bench.demo.origin)
    await goToConsent(first, 'Apiture')
    const second = await duplicate(first)
    const { arrived, letGo } = await holdTokenRequests(context)
    const url = await approve(first)
    await arrived
    await followLink(second, url)
    await waitsForLease(second, 'tx')
    letGo()
    for (const tab of [first, second]) await waitForStatus(tab, 'Apiture', 'Connected')
    expect(redemptions()).toBe(1)
    expect(Object.keys(await readDatabase(first)).filter((key) => key.startsWith('lease:'))).toEqual([])
  })

  it('refreshes once for four tabs with five callers each', async () => {
    const context = await newProfile()
    const page = await context.newPage()
    await page.goto(bench.demo.origin)
    apiture().control.next({ accessTokenSeconds: 60 })
    await connect(page, 'Apiture')
    const others = await Promise.all(Array.from({ length: 3 }, () => context.newPage()))
    await Promise.all(others.map((tab) => tab.goto(bench.demo.origin)))
    // Nothing is under way any more that would ask for a token.
    await Promise.all([page, ...others].map((tab) => card(tab, 'Apiture').getByRole('table').waitFor()))
    await setClock(page, 120)

    const { arrived, letGo } = await holdTokenRequests(context)
    const first = askForToken(page, 'apiture', 5)
    await arrived
    const waiting = others.map((tab) => askForToken(tab, 'apiture', 5))
    await Promise.all(others.map((tab) => waitsForLease(tab, 'refresh')))
    letGo()
    const answers = await Promise.all([first, ...waiting])
    expect(answers.flatMap(({ errors }) => errors)).toEqual([])
    expect(new Set(answers.flatMap(({ tokens }) => tokens)).size).toBe(1)
    expect(apiture().requests.count('/oidc/token', { grant_type: 'refresh_token' })).toBe(1)
  })
})
