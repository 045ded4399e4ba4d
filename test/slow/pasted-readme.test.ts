// The README as somebody finds it who has nothing but a new Vite app: installed from the packed tarball, pasted unchanged, checked,
// and used in a browser. Only Stitch is not the real one: what goes to its addresses is answered by the demo's bank.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startStitch } from '../../demo/banks/stitch.js'
import { launch } from '../browser/support/launch.js'
import { createPastedApp, type PastedApp } from './support/pasted-app.js'

const appOrigin = 'http://localhost:5173'
const clientSecret = randomBytes(32).toString('hex')

let app: PastedApp
let bank: Awaited<ReturnType<typeof startStitch>>
let browser: Browser
const opened: { close(): Promise<void> }[] = []

/** Opens something that is closed after the tests, whatever else fails to open. */
async function open<T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> {
  const one = await opening
  opened.push(one)
  return one
}

beforeAll(async () => {
  app = await open(createPastedApp())
  bank = await open(
    startStitch({
      clientId: 'test-my-client',
      clientSecret,
      jwks: { keys: [] },
      redirectUris: [`${appOrigin}/callback/stitch`],
    }),
  )
  browser = await open(launch())
}, 600_000)

afterAll(async () => {
  await Promise.all(opened.map((one) => one.close()))
})

test('names every file of the page, the backend and the Vite configuration', () => {
  expect(app.pasted).toEqual(['src/bank.ts', 'src/App.tsx', 'src/main.tsx', 'server.ts', 'vite.config.ts'])
})

test('links to files that are installed, too', () => {
  const readme = readFileSync(join(app.library, 'README.md'), 'utf8')
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
  expect(links.length).toBeGreaterThan(5)
  expect(links.filter((link) => !existsSync(join(app.library, link)))).toEqual([])
})

test('type-checks', () => app.run('tsc', '-p', '.'))

test('passes the recommended rules of typescript-eslint, React and fast refresh', () =>
  app.run('eslint', '.', '--max-warnings', '0'))

test('builds', () => app.run('vite', 'build'))

describe('served by Vite, with its backend', () => {
  const errors: string[] = []

  beforeAll(async () => {
    const env = {
      COUNTERSIGN_KEY: randomBytes(32).toString('base64'),
      STITCH_SECRET: clientSecret,
      NODE_OPTIONS: `--import ${toModule(redirectFetch(bank.origin))}`,
    }
    await app.serve('http://127.0.0.1:3000/api/me', env, 'tsx', 'server.ts')
    await app.serve(appOrigin, {}, 'vite', '--strictPort')
  })

  /** The app in a new profile, its person signed in at the bank. */
  async function goToConsent(): Promise<Page> {
    const profile = await browser.newContext()
    profile.on('weberror', (error) => errors.push(String(error.error())))
    await redirectStitch(profile, bank.origin)
    const page = await profile.newPage()
    await page.goto(appOrigin)
    await page.getByRole('button', { name: 'Connect your bank' }).click()
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    return page
  }

  test('tells a person who denies so, and lets them try again', async () => {
    const page = await goToConsent()
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('alert').filter({ hasText: 'Access was declined at your bank.' }).waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    expect(errors).toEqual([])
  })

  test('connects a bank and shows its accounts, after a reload as well', async () => {
    const page = await goToConsent()
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'Show accounts' }).click()
    await page.getByText('Current Account').waitFor()
    expect(page.url()).toBe(`${appOrigin}/`)
    await page.reload()
    await page.getByRole('button', { name: 'Show accounts' }).click()
    await page.getByText('Current Account').waitFor()
    expect(errors).toEqual([])
  })
})

/** A module as a URL, for `--import`. */
const toModule = (code: string): string =>
  `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`

/** Sends what a process asks of Stitch to the bank instead. */
const redirectFetch = (origin: string): string => `
  const { fetch } = globalThis
  globalThis.fetch = (url, init) =>
    fetch(String(url).replace(/^https:\\/\\/(?:secure|api)\\.stitch\\.money/, ${JSON.stringify(origin)}), init)
`

/** Sends what a browser asks of Stitch to the bank instead: the person by a redirect, requests of the page unseen. */
async function redirectStitch(profile: BrowserContext, origin: string): Promise<void> {
  await profile.route('https://secure.stitch.money/**', (route) => {
    const { pathname, search } = new URL(route.request().url())
    return route.fulfill({ status: 302, headers: { location: origin + pathname + search } })
  })
  await profile.route('https://api.stitch.money/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    await route.fulfill({ response: await route.fetch({ url: origin + pathname }) })
  })
}
