// The devtools docked in the demo: what a developer sees of a flow, in a real browser and under the demo's policy.
import axe, { type AxeResults } from 'axe-core'
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { leaksOf, secret } from '../support/secrets.js'
import {
  card,
  connect,
  goToConsent,
  goToConsentInWindow,
  pressInWindow,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ oneProcess: true })

const panel = (page: Page) => page.getByRole('region', { name: 'What the client does' })
const tab = (page: Page, name: string) => panel(page).getByRole('tab', { name: new RegExp(`^${name}`) })
const openPanel = (page: Page) => page.getByRole('button', { name: 'Countersign', exact: true }).click()
const message = (page: Page, title: string) =>
  panel(page)
    .getByRole('button', { name: new RegExp(title) })
    .first()

/** What axe finds in the panel. The policy does not see what a debugger runs. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const results: AxeResults = await page.evaluate(() =>
    (window as unknown as { readonly axe: typeof axe }).axe.run([['[data-countersign-devtools]']], {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    }),
  )
  expect(results.passes.length).toBeGreaterThan(5)
  return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

describe('the panel', () => {
  it('stays open over the redirect, and shows the flow from the click to the API', async () => {
    const page = await bench.open()
    await openPanel(page)
    await panel(page).getByText('Nothing has been connected yet').waitFor()
    await connect(page, 'OpenID')
    await message(page, 'Connection stored').waitFor()
    for (const title of [
      'Transaction prepared',
      'Left for the provider',
      'Signs in and decides',
      'Returned with a response',
      'Code redeemed',
      'API called',
    ])
      await message(page, title).waitFor()
    await message(page, 'Returned with a response').click()
    await panel(page).getByText('passed: A transaction of this browser has this state').waitFor()
    await message(page, 'Code redeemed').click()
    await panel(page).getByText('passed: nonce is the one of the request').waitFor()
    expect(await panel(page).getByText('failed: ').count()).toBe(0)
  })

  it('follows a flow through a window of its own, in the page that opened it', async () => {
    const page = await bench.open()
    await openPanel(page)
    const popup = await goToConsentInWindow(page, 'OpenID')
    await pressInWindow(popup, 'Approve')
    await waitForStatus(page, 'OpenID', 'Connected')
    for (const title of [
      'Left for the provider',
      'Returned with a response',
      'Code redeemed',
      'Connection stored',
    ])
      await message(page, title).waitFor()
    expect(await panel(page).getByText('failed: ').count()).toBe(0)
  })

  it('names what failed, with the likely cause', async () => {
    const page = await bench.open()
    await openPanel(page)
    await goToConsent(page, 'Stitch')
    bench.demo.banks.stitch.control.next({ token: 'broken-reply' })
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Stitch', 'Not connected: something went wrong')
    await tab(page, 'Errors').click()
    await panel(page).getByRole('row').filter({ hasText: 'provider_unavailable' }).first().waitFor()
    await panel(page).getByRole('link', { name: 'Read more about provider_unavailable' }).first().waitFor()
    await tab(page, 'Timeline').click()
    await message(page, 'Not completed, can be resumed').waitFor()
  })

  it('shows a connection, its transaction and what is known of the session', async () => {
    const page = await bench.open()
    await openPanel(page)
    await connect(page, 'Stitch')
    await tab(page, 'Connections').click()
    await panel(page)
      .getByRole('row', { name: /stitch.*mediated.*connected.*accounts/ })
      .waitFor()
    await tab(page, 'Transactions').click()
    await panel(page)
      .getByRole('row', { name: /stitch.*connected.*has ended.*nobody/ })
      .waitFor()
    await tab(page, 'Session').click()
    await panel(page)
      .getByText(/Signed in, as the user with the hash/)
      .waitFor()
    expect(await panel(page).textContent()).not.toContain('robin')
  })

  it('breaks no rule of accessibility, and fits a phone, light and dark', async () => {
    const page = await bench.open()
    await openPanel(page)
    await connect(page, 'OpenID')
    await message(page, 'Code redeemed').click()
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 760 })
      for (const name of [
        'Timeline',
        'Connections',
        'Transactions',
        'Refresh',
        'Session',
        'Errors',
        'Findings',
      ]) {
        await tab(page, name).click()
        for (const colorScheme of ['dark', 'light'] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
          expect([name, colorScheme, await violations(page)]).toEqual([name, colorScheme, []])
        }
        expect(
          await page.evaluate(
            () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
          ),
        ).toBe(0)
      }
    }
  })

  it('is used by the keyboard alone, and gives the focus back', async () => {
    const page = await bench.open()
    await page.getByRole('button', { name: 'Countersign', exact: true }).focus()
    await page.keyboard.press('Enter')
    await tab(page, 'Timeline').focus()
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => tab(page, 'Connections').getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('End')
    await expect.poll(() => tab(page, 'Findings').getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Escape')
    await panel(page).waitFor({ state: 'detached' })
    const focused = await page.evaluate(() => document.activeElement?.shadowRoot?.activeElement?.textContent)
    expect(focused).toBe('Countersign')
  })

  it('moves nothing of the page, and breaks no policy', async () => {
    const page = await bench.open()
    const complaints: string[] = []
    page.on('console', (entry) => {
      if (entry.type() === 'error') complaints.push(entry.text())
    })
    await page.getByText('Connect a demo bank').waitFor()
    await page.evaluate(() => document.fonts.ready)
    const place = () => page.getByRole('article').first().boundingBox()
    const before = await place()
    await openPanel(page)
    await panel(page).waitFor()
    expect(await place()).toEqual(before)
    const height = await panel(page).evaluate((element) => element.getBoundingClientRect().height)
    expect(height).toBeGreaterThan(200)
    expect(complaints).toEqual([])
  })

  it.each([360, 1280])('adds no layout shift to a page that opens with it, %i px wide', async (width) => {
    const page = await bench.open()
    await page.setViewportSize({ width, height: 760 })
    await openPanel(page)
    await panel(page).waitFor()
    await page.addInitScript(() => {
      const noted: number[] = []
      Object.assign(globalThis, { noted })
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { readonly value: number })[])
          noted.push(entry.value)
      }).observe({ type: 'layout-shift', buffered: true })
    })
    await page.reload()
    await tab(page, 'Timeline').waitFor()
    await card(page, 'Stitch').waitFor()
    const shift = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          requestAnimationFrame(() =>
            requestAnimationFrame(() => {
              const { noted } = globalThis as unknown as { readonly noted: readonly number[] }
              resolve(noted.reduce((sum, value) => sum + value, 0))
            }),
          )
        }),
    )
    expect(shift).toBeLessThan(0.05)
  })
})

describe('a saved flow', () => {
  it.each([
    ['JSON', 'json'],
    ['SVG', 'svg'],
  ])('holds what happened, and no secret, as %s', async (format, ending) => {
    const page = await bench.open()
    const seen = new Set<string>()
    const keep = (value: unknown): void => {
      if (typeof value === 'string') seen.add(secret(value))
    }
    const answers: Promise<void>[] = []
    page.on('request', (request) => {
      const body = new URLSearchParams(request.postData() ?? '')
      for (const name of ['code', 'code_verifier']) keep(body.get(name))
    })
    page.on('response', (response) => {
      if (!response.url().endsWith('/token')) return
      const read = response.json().then((body: Readonly<Record<string, unknown>>) => {
        for (const name of ['access_token', 'refresh_token', 'id_token']) keep(body[name])
      })
      answers.push(read.catch(() => undefined))
    })
    await openPanel(page)
    await connect(page, 'OpenID')
    await message(page, 'Connection stored').waitFor()
    await Promise.all(answers)
    expect(seen.size).toBe(5)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      panel(page)
        .getByRole('button', { name: `Save as ${format}` })
        .click(),
    ])
    expect(download.suggestedFilename()).toMatch(new RegExp(`^countersign-openid-.{16}\\.${ending}$`))
    const text = await readFile(await download.path(), 'utf8')
    expect(text).toContain('Code redeemed')
    const body = await page.evaluate(() => document.documentElement.outerHTML)
    const shown = await panel(page).evaluate((element) => element.outerHTML)
    expect(leaksOf([text, body, shown])).toEqual([])
  })
})
