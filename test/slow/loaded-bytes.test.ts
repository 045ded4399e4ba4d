// What Chromium really loads of the library, gzip -9, React left out. scripts/size.js counts what is built, from the module graph.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { root } from '../../scripts/entries.js'
import { aliases } from '../../scripts/vite-options.js'
import { readDatabase } from '../browser/support/bench.js'
import { launch } from '../browser/support/launch.js'

/** In bytes. `click`: what a first click in browser mode adds; `list`: the entry and what asks a backend for the list. */
const budgets = { entry: 14_400, click: 38_700, list: 36_100 }

let folder: string
let server: Server
let browser: Browser
let origin: string

/** Paths that were asked for, in order. */
const asked: string[] = []
const bytesOf = new Map<string, number>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-loaded-'))
  // Vite takes it from the environment, where vitest has set another.
  vi.stubEnv('NODE_ENV', 'production')
  await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: aliases('built') },
    build: {
      outDir: folder,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: join(root, 'test/size/view.tsx'),
        output: {
          entryFileNames: 'entry.js',
          codeSplitting: {
            groups: [{ name: 'react', test: /[\\/]node_modules[\\/](?:react|react-dom|scheduler)[\\/]/ }],
          },
        },
      },
    },
  })
  const scripts = new Map<string, Buffer>()
  for (const file of await readdir(folder, { recursive: true }))
    if (file.endsWith('.js'))
      scripts.set(`/${file}`, gzipSync(await readFile(join(folder, file)), { level: 9 }))
  for (const [path, { length }] of scripts) bytesOf.set(path, length)
  server = createServer(({ url = '' }, outgoing) => {
    const { pathname } = new URL(url, 'http://localhost')
    asked.push(pathname)
    const script = scripts.get(pathname)
    if (script) {
      const headers = { 'content-type': 'text/javascript', 'content-encoding': 'gzip' }
      outgoing.writeHead(200, headers).end(script)
    } else if (pathname === '/') {
      outgoing.setHeader('content-type', 'text/html')
      outgoing.end('<!doctype html><body></body><script type="module" src="/entry.js"></script>')
    } else if (pathname === '/connect/connections') {
      outgoing.setHeader('content-type', 'application/json')
      outgoing.setHeader('countersign', '1')
      outgoing.end('{"connections":[]}')
    } else outgoing.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  browser = await launch()
})

afterAll(async () => {
  await browser.close()
  server.close()
  await rm(folder, { recursive: true })
})

/** React, and what makes modules of it. */
const isReact = /\/(?:react|rolldown-runtime)-/

/** The entry: Vite puts the errors, which lazy parts have in common with it, beside it. */
const isEntry = (path: string): boolean => /^\/(?:entry|assets\/base-[\w-]+)\.js$/.test(path)

/** Does something, waits until nothing is under way any more, and tells what was loaded meanwhile. */
async function loadedBy(page: Page, work: () => Promise<unknown>) {
  asked.length = 0
  await work()
  await page.waitForLoadState('networkidle')
  const paths = asked.filter((path) => bytesOf.has(path) && !isReact.test(path))
  const bytes = paths.reduce((sum, path) => sum + (bytesOf.get(path) ?? 0), 0)
  console.log(`${String(bytes)} B of ${String(paths.length)} scripts: ${paths.join(' ')}`)
  return { bytes, paths, requests: asked.filter((path) => path.startsWith('/connect/')) }
}

const shown = (page: Page, text: string) => page.getByText(text, { exact: true }).waitFor()

/** Opens a page in a new profile. */
async function open(query: string) {
  const page = await (await browser.newContext()).newPage()
  const view = async () => {
    await page.goto(`${origin}/${query}`)
    await shown(page, 'none disconnected')
  }
  return { page, view }
}

test('a page view in browser mode loads the entry and nothing else, with a user as well', async () => {
  const { page, view } = await open('')
  for (const visit of ['first', 'second']) {
    const { bytes, paths } = await loadedBy(page, view)
    expect(
      paths.filter((path) => !isEntry(path)),
      visit,
    ).toEqual([])
    expect(bytes).toBeLessThanOrEqual(budgets.entry)
  }
})

/** Answers for the authorization server: without its metadata a page loads, some time later, what names the fault. */
const answerDiscovery = (page: Page) =>
  page.route('https://**/.well-known/openid-configuration', async (route) => {
    const [issuer = ''] = route.request().url().split('.well-known')
    const json = {
      issuer,
      authorization_endpoint: `${issuer}authorize`,
      token_endpoint: `${issuer}token`,
      jwks_uri: `${issuer}jwks`,
    }
    await route.fulfill({ json, headers: { 'access-control-allow-origin': '*' } })
  })

/** The phases of the transactions in the page's database. */
const phases = async (page: Page) =>
  Object.values(await readDatabase(page)).flatMap((record) => (record as { phase?: string }).phase ?? [])

test('a pointer above the button loads what the click needs', async () => {
  const { page, view } = await open('')
  await answerDiscovery(page)
  await view()
  const { bytes } = await loadedBy(page, async () => {
    await page.getByRole('button').hover()
    await expect.poll(() => phases(page)).toEqual(['prepared'])
  })
  expect(bytes).toBeGreaterThan(budgets.entry)
  expect(bytes).toBeLessThanOrEqual(budgets.click)
})

test('a page with a backend asks for the list on its first view, and then the entry alone draws for an hour', async () => {
  const { page, view } = await open('?backend')
  const first = await loadedBy(page, view)
  expect(first.requests).toEqual(['/connect/connections'])
  expect(first.bytes).toBeLessThanOrEqual(budgets.list)
  const second = await loadedBy(page, view)
  expect(second.paths.filter((path) => !isEntry(path))).toEqual([])
  expect(second.requests).toEqual([])
})
