// examples/component-tests as somebody finds it who has installed the packed tarball: under Vitest, in Node and in Chromium, under
// Jest, in Storybook, on Vite's dev server, and type-checked.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { createServer, preview } from 'vite'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { root } from '../../scripts/entries.js'
import { launch } from '../browser/support/launch.js'
import { installPacked, type InstalledApp } from './support/installed-app.js'

const example = join(root, 'examples/component-tests')

let app: InstalledApp

beforeAll(async () => {
  app = await installPacked(example, {
    CHROMIUM_PATH: inject('chromium'),
    // Nobody downloads a browser.
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: '1',
  })
}, 600_000)

afterAll(() => app.close())

test('passes under Vitest, on jsdom', () => app.run('vitest', 'run'))

test('passes under Vitest, on happy-dom', () => app.run('vitest', 'run', '--environment', 'happy-dom'))

test('passes under Vitest’s browser mode, in Chromium', async () => {
  const output = await app.run('vitest', 'run', '--config', 'vitest.browser.config.ts')
  expect(output).toMatch(/chromium.*accounts\.test\.tsx/)
})

test('passes under Jest, which finds no open handle', async () => {
  expect(await app.run('jest', '--detectOpenHandles')).not.toContain('open handle')
})

describe('in a real browser', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await launch()
  })
  afterAll(() => browser.close())

  /** Opens a page, and notes what it throws and what it asks of other origins. */
  async function open(url: string): Promise<{ readonly page: Page; readonly strange: string[] }> {
    const page = await browser.newPage()
    const strange: string[] = []
    page.on('pageerror', (error) => strange.push(String(error)))
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== new URL(url).origin) strange.push(request.url())
    })
    await page.goto(url)
    return { page, strange }
  }

  test('every story of a built Storybook shows what it is about', async () => {
    await app.run('storybook', 'build', '--quiet', '--disable-telemetry', '--output-dir', 'stories')
    const server = await preview({
      configFile: false,
      logLevel: 'error',
      root: app.folder,
      build: { outDir: 'stories' },
      preview: { host: '127.0.0.1', port: 0 },
    })
    const [origin = ''] = server.resolvedUrls?.local ?? []
    const index = JSON.parse(await readFile(join(app.folder, 'stories/index.json'), 'utf8')) as {
      readonly entries: Readonly<Record<string, object>>
    }
    expect(Object.keys(index.entries)).toEqual(Object.keys(shownBy))
    for (const [id, text] of Object.entries(shownBy)) {
      const { page, strange } = await open(`${origin}iframe.html?viewMode=story&id=${id}`)
      await page.getByText(text).waitFor()
      expect(await page.locator('.sb-show-errordisplay').count()).toBe(0)
      expect(strange).toEqual([])
      await page.close()
    }
    await server.close()
  })

  test('the app of Vite’s dev server connects, reads the accounts, and changes its mind', async () => {
    const server = await createServer({
      configFile: false,
      logLevel: 'error',
      root: app.folder,
      server: { host: '127.0.0.1', port: 0 },
    })
    await server.listen()
    const [origin = ''] = server.resolvedUrls?.local ?? []
    const { page, strange } = await open(origin)
    const press = (name: string) => page.getByRole('button', { name }).click()
    await press('Connect Stitch')
    await press('Cancel')
    await page.getByText('Nothing was connected.').waitFor()
    await press('Connect Stitch')
    await press('Approve')
    await page.getByText('Holiday Pocket').waitFor()
    await press('Disconnect')
    await page.getByRole('button', { name: 'Connect Stitch' }).waitFor()
    expect(strange).toEqual([])
    await page.close()
    await server.close()
  })
})

/** What each story shows in the end. */
const shownBy: Readonly<Record<string, string>> = {
  'accounts--disconnected': 'Connect Stitch',
  'accounts--connected': 'Holiday Pocket',
  'accounts--connecting': 'Rainy Day',
  'accounts--refused': 'That did not work: access_denied',
}

test('type-checks', () => app.run('tsc', '-p', '.'))

test('tells each story in at most ten lines', async () => {
  const source = await readFile(join(example, 'accounts.test.tsx'), 'utf8')
  const stories = [...source.matchAll(/^test\([^]*?^\}\)$/gm)].map(([story]) => story.split('\n').length)
  expect(stories.length).toBeGreaterThan(5)
  expect(stories.filter((lines) => lines > 10)).toEqual([])
})
