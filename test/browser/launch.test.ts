// That the browser under test behaves as a person's does, where playwright's defaults would not.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from './support/launch.js'

let browser: Browser
let server: Server
let origin: string

beforeAll(async () => {
  browser = await launch()
  server = createServer(({ url }, response) => {
    response.setHeader('Content-Type', 'text/html').end(`<!doctype html><script>
      addEventListener('pageshow', ({ persisted }) => { if (persisted) document.title = 'restored' })
      ${url === '/opener' ? "document.title = window.open('/') ? 'opened' : 'blocked'" : ''}
    </script>`)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(async () => {
  await browser.close()
  server.close()
})

test('a page is restored from the back/forward cache', async () => {
  const page = await browser.newPage()
  await page.goto(origin)
  await page.goto(origin.replace('127.0.0.1', 'localhost'))
  await page.goBack({ waitUntil: 'commit' })
  await expect.poll(() => page.title()).toBe('restored')
  await page.close()
})

test('a popup that no person asked for is blocked', async () => {
  const page = await browser.newPage()
  await page.goto(`${origin}/opener`)
  expect(await page.title()).toBe('blocked')
  await page.close()
})
