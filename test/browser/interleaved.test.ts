import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import {
  card,
  connect,
  disconnect,
  duplicate,
  goToConsent,
  useBench,
  waitForStatus,
} from './support/bench.js'

// Tokens that all tabs share, so that what one of them completes is usable in the other.
const bench = useBench({ page: {}, dpop: true })
const tokenRequests = () => bench.demo.banks.apiture.requests.count('/oidc/token')

const openTab = async (page: Page): Promise<Page> => {
  const tab = await page.context().newPage()
  await tab.goto(bench.demo.origin)
  return tab
}

it('three flows that are interleaved over three tabs end in three connections', async () => {
  const first = await bench.open()
  const second = await openTab(first)
  await goToConsent(first, 'Apiture')
  await goToConsent(second, 'Apiture')
  // The third begins where the first one was left, and comes back before it.
  const left = await duplicate(first)
  await first.goto(bench.demo.origin)
  await goToConsent(first, 'Apiture')
  await second.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(second, 'Apiture', 'Connected')
  await first.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(first, 'Apiture', 'Connected')
  await left.getByRole('button', { name: 'Approve' }).click()
  for (const tab of [left, first, second]) await card(tab, 'Apiture').getByText('3 connections').waitFor()
  expect(tokenRequests()).toBe(3)
})

it.each(['Apiture', 'Stitch'])(
  '%s: an answer that arrives in another tab completes there, and the tab that began turns to connected',
  async (title) => {
    const began = await bench.open()
    await goToConsent(began, title)
    const other = await duplicate(began)
    await began.goto(bench.demo.origin)
    await waitForStatus(began, title, 'Not connected')
    await other.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(other, title, 'Connected')
    await waitForStatus(began, title, 'Connected')
  },
)

/** Stores so much beside the library's records that reading them takes longer than a message from another tab. */
const slowDown = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const open = indexedDB.open('countersign')
        open.onsuccess = () => {
          const stored = open.result.transaction('records', 'readwrite')
          for (let key = 0; key < 5000; key++) stored.objectStore('records').put({ key }, `other:${key}`)
          stored.oncomplete = () => {
            open.result.close()
            resolve()
          }
        }
      }),
  )

it.each(['Apiture', 'Stitch'])(
  '%s: an answer is told as connected beside a tab that answers every announcement',
  async (title) => {
    const page = await bench.open()
    const noisy = await openTab(page)
    await waitForStatus(noisy, title, 'Not connected')
    await slowDown(noisy)
    await noisy.evaluate(() => {
      const channel = new BroadcastChannel('countersign')
      channel.onmessage = () => {
        channel.postMessage({ v: 1, id: 'of-another-tab' })
      }
    })
    await connect(page, title)
    const told = await page.evaluate(() =>
      (window as unknown as { bank: { callback: { get(): unknown } } }).bank.callback.get(),
    )
    expect(told).toMatchObject({ status: 'connected', connection: { status: 'connected' } })
  },
)

it('a connection that is ended in one tab is ended in all', async () => {
  const page = await bench.open()
  await connect(page, 'Apiture')
  const other = await openTab(page)
  await waitForStatus(other, 'Apiture', 'Connected')
  await disconnect(page, 'Apiture')
  await card(page, 'Apiture').getByText('has confirmed').waitFor()
  await waitForStatus(other, 'Apiture', 'Not connected')
})
