// The demo without any server: a service worker plays the app's server and every bank, on the testing kit.
import type { BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { serveStatic } from '../../demo/static.js'
import type { Listening } from '../../demo/server.js'
import { card, changeUser, disconnect, pressConnect, useBench, waitForStatus } from './support/bench.js'

const bench = useBench()

const folder = '/some/folder'

/** What the server of files was asked for. */
const asked: string[] = []
let files: Listening

beforeAll(async () => {
  files = await serveStatic({
    folder: inject('demoPage'),
    basePath: folder,
    onRequest: (method, path) => asked.push(`${method} ${path}`),
  })
})
afterAll(() => files.close())

/** Opens the demo on the server of files, and signs in to the app. */
async function openStatic(profile: BrowserContext): Promise<Page> {
  const page = await profile.newPage()
  await page.goto(`${files.origin}${folder}/`)
  await card(page, 'Stitch').waitFor()
  await changeUser(page, 'Robin')
  return page
}

/** Signs in at a fake bank: its consent page is shown. */
async function goToConsent(page: Page, title: string): Promise<void> {
  await pressConnect(page, title)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Approve' }).waitFor()
}

async function connect(page: Page, title: string): Promise<void> {
  await goToConsent(page, title)
  await page.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(page, title, 'Connected')
}

/** Has the browser end the service worker, as it does once no page has needed it for a while, and loads the page again. */
async function endWorker(page: Page, between = async (): Promise<void> => undefined): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const hasStopped = new Promise<void>((resolve) => {
    session.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
      if (versions.some(({ runningStatus }) => runningStatus === 'stopped')) resolve()
    })
  })
  await session.send('ServiceWorker.enable')
  await session.send('ServiceWorker.stopAllWorkers')
  await hasStopped
  await between()
  await page.reload()
  await session.detach()
}

/** Has the browser drop what the banks know, as when it needs the room, and ends the worker. */
const dropBanks = (page: Page): Promise<void> =>
  endWorker(page, () =>
    page.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const open = indexedDB.open('lasagna-fake')
          open.onerror = () => {
            reject(new Error('no database'))
          }
          open.onsuccess = () => {
            const writing = open.result.transaction('kept', 'readwrite')
            const store = writing.objectStore('kept')
            const keys = store.getAllKeys()
            keys.onsuccess = () => {
              for (const key of keys.result)
                if (typeof key === 'string' && key.startsWith('banks')) store.delete(key)
            }
            writing.oncomplete = () => {
              open.result.close()
              resolve()
            }
          }
        }),
    ),
  )

describe('on a server of files', () => {
  it.each(['Stitch', 'OpenID', 'FDX', 'Basis', 'Apiture', 'Moneyhub'])(
    'connects a bank with consent pages of its own, and asks the server for files only: %s',
    async (title) => {
      asked.length = 0
      const page = await openStatic(await bench.newProfile(null))
      const elsewhere: string[] = []
      page.on('request', (request) => {
        if (!request.url().startsWith(`${files.origin}${folder}/`)) elsewhere.push(request.url())
      })
      await connect(page, title)
      expect(page.url()).toBe(`${files.origin}${folder}/`)
      await card(page, title).getByRole('table').first().waitFor()
      expect(elsewhere).toEqual([])
      const other = asked.filter(
        (one) =>
          !/^GET \/some\/folder\/(?:$|assets\/|brand\/\w+\.woff2$|icon\.svg|fake-worker\.js)/.test(one),
      )
      expect(other).toEqual([])
    },
  )

  it('names the bank on its consent page, in the words of its scope, and shows it again after a reload', async () => {
    const page = await openStatic(await bench.newProfile(null))
    await goToConsent(page, 'FDX')
    expect(await page.locator('.bank').textContent()).toBe('Foxglove Federal')
    expect(
      await page.evaluate(() => document.fonts.load('600 1rem Zilla Slab').then(({ length }) => length)),
    ).toBe(1)
    await page.reload()
    await page.getByText('list the accounts you share').waitFor()
    expect(await page.locator('main').textContent()).not.toMatch(/READ_|ACCOUNT_|offline_access|openid/)
  })

  it('keeps a connection over a reload and in a second tab, and ends it in both', async () => {
    const profile = await bench.newProfile(null)
    const page = await openStatic(profile)
    await connect(page, 'Stitch')
    await connect(page, 'OpenID')
    await page.reload()
    for (const title of ['Stitch', 'OpenID']) await waitForStatus(page, title, 'Connected')
    const second = await profile.newPage()
    await second.goto(page.url())
    for (const title of ['Stitch', 'OpenID']) await waitForStatus(second, title, 'Connected')
    for (const title of ['Stitch', 'OpenID']) {
      await disconnect(page, title)
      await waitForStatus(second, title, 'Not connected')
    }
    await second.reload()
    for (const title of ['Stitch', 'OpenID']) await waitForStatus(second, title, 'Not connected')
  })

  it('keeps what the banks know when the browser ends them: connections, and an open consent page', async () => {
    const profile = await bench.newProfile(null)
    const page = await openStatic(profile)
    const all = ['Stitch', 'FDX', 'Moneyhub', 'Basis', 'OpenID']
    for (const title of all) await connect(page, title)
    const second = await profile.newPage()
    await second.goto(page.url())
    await goToConsent(second, 'Prairie Ledger')
    await endWorker(page)
    for (const title of all) {
      await waitForStatus(page, title, 'Connected')
      await card(page, title).getByRole('table').first().waitFor()
    }
    await page.getByText('Analytical Checking').first().waitFor()
    await second.reload()
    await second.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(second, 'Prairie Ledger', 'Connected')
    await disconnect(page, 'Stitch')
    await endWorker(page)
    await waitForStatus(page, 'Stitch', 'Not connected')
    expect(await page.getByRole('region', { name: 'The banks have started anew' }).count()).toBe(0)
  })

  it('shows a page that is over as the bank’s own', async () => {
    const page = await openStatic(await bench.newProfile(null))
    await goToConsent(page, 'FDX')
    const { href } = new URL(page.url())
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'FDX', 'Denied')
    await page.goto(href)
    await page.getByRole('heading', { name: 'This page has expired' }).waitFor()
    expect(await page.locator('.bank').textContent()).toBe('Foxglove Federal')
  })

  it('says that the banks have started anew, once the browser has dropped what they knew, until something is connected', async () => {
    const page = await openStatic(await bench.newProfile(null))
    await connect(page, 'Stitch')
    const notice = page.getByRole('region', { name: 'The banks have started anew' })
    expect(await notice.count()).toBe(0)
    await dropBanks(page)
    await notice.waitFor()
    await connect(page, 'Stitch')
    await notice.waitFor({ state: 'detached' })
    await dropBanks(page)
    await notice.getByRole('button', { name: 'All right' }).click()
    await notice.waitFor({ state: 'detached' })
    await page.reload()
    await card(page, 'Stitch').waitFor()
    expect(await notice.count()).toBe(0)
  })

  it('opens a bank in a window of its own', async () => {
    const page = await openStatic(await bench.newProfile(null))
    await page.getByLabel('Open banks in a window of their own').check()
    const [popup] = await Promise.all([page.waitForEvent('popup'), pressConnect(page, 'Stitch')])
    await popup.getByRole('button', { name: 'Sign in', exact: true }).click()
    await popup.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Stitch', 'Connected')
  })

  it('leads back from a refusal, and from a bank that keeps a person who cancels', async () => {
    const page = await openStatic(await bench.newProfile(null))
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'Stitch', 'Denied')
    await page.getByRole('button', { name: 'Not now' }).click()
    await goToConsent(page, 'Apiture')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('link', { name: 'Back to the app' }).click()
    await page.waitForURL(`${files.origin}${folder}/`)
  })

  it.each(['Lose the token response', 'Forged state', 'Cookie gone on the way back'])(
    'plays the scenario: %s',
    async (title) => {
      const page = await openStatic(await bench.newProfile(null))
      await page.getByRole('link', { name: 'What can go wrong' }).click()
      await page.getByRole('button', { name: `Run: ${title}` }).click()
      const again = page.getByRole('button', { name: /^(?:Try again|Sign in as Robin)$/ })
      const verdict = page.getByText('As expected', { exact: true })
      await again.or(verdict).first().waitFor()
      if (!(await verdict.isVisible())) await again.first().click()
      await verdict.waitFor()
    },
  )

  it('opens every page of the app by its address', async () => {
    const page = await openStatic(await bench.newProfile(null))
    for (const [path, heading] of [
      ['/lab', 'What can go wrong'],
      ['/code/', 'The code'],
    ] as const) {
      await page.goto(files.origin + folder + path)
      await page.getByRole('heading', { level: 1, name: heading }).waitFor()
    }
    const fresh = await (await bench.newProfile(null)).newPage()
    await fresh.goto(`${files.origin}${folder}/lab/`)
    await fresh.getByRole('heading', { level: 1, name: 'What can go wrong' }).waitFor()
  })
})

describe('?fake on the demo’s own server', () => {
  it('is chosen once for the way back, a reload and every tab, until the person goes back', async () => {
    const profile = await bench.newProfile()
    const page = await profile.newPage()
    await page.goto(`${bench.demo.origin}/?fake`)
    const way = page.getByRole('link', { name: 'Go back to the banks of the demo’s server' })
    await way.waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    await changeUser(page, 'Robin')
    await connect(page, 'OpenID')
    await page.reload()
    await waitForStatus(page, 'OpenID', 'Connected')
    const second = await bench.openTab(profile)
    await waitForStatus(second, 'OpenID', 'Connected')
    expect(bench.demo.banks.openid.requests.all).toEqual([])
    await way.click()
    await page.getByRole('link', { name: 'Have this browser play the banks' }).waitFor()
    await waitForStatus(page, 'OpenID', 'Not connected')
  })

  it('keeps the policy that the page has otherwise: the service worker sends it, too', async () => {
    const page = await bench.open()
    const before = (await page.request.get(bench.demo.origin)).headers()['content-security-policy']
    await page.goto(`${bench.demo.origin}/?fake`)
    await page.getByRole('link', { name: 'Go back to the banks of the demo’s server' }).waitFor()
    const response = await page.reload()
    const after = (await response?.allHeaders())?.['content-security-policy'] ?? ''
    expect(response?.fromServiceWorker()).toBe(true)
    const withoutConnect = (policy = '') => policy.split('; ').filter((one) => !one.startsWith('connect-src'))
    expect(withoutConnect(after)).toEqual(withoutConnect(before))
    expect(after).toContain("connect-src 'self'")
  })
})
