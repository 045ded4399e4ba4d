import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aliases, onLog } from '../../scripts/vite-options.js'
import { launch } from './support/launch.js'

let browser: Browser
let server: Server
let origin: string

beforeAll(async () => {
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: aliases('source') },
    build: {
      write: false,
      target: 'es2022',
      rolldownOptions: {
        onLog,
        input: new URL('support/kit-page.ts', import.meta.url).pathname,
        output: { entryFileNames: 'entry.js' },
      },
    },
  })
  if (!('output' in result)) throw new Error('Vite returned no single build.')
  const files = new Map(result.output.map((file) => [`/${file.fileName}`, 'code' in file ? file.code : '']))
  server = createServer(({ url = '' }, response) => {
    const code = files.get(url)
    response.setHeader('Content-Type', code === undefined ? 'text/html' : 'text/javascript')
    response.end(code ?? '<!doctype html><script type="module" src="/entry.js"></script>')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  browser = await launch()
})

afterAll(async () => {
  await browser.close()
  server.close()
})

test('countersign/testing runs in a real browser, and sends nothing over the network', async () => {
  const page = await browser.newPage()
  const sent: string[] = []
  page.on('request', (request) => sent.push(request.url()))
  await page.goto(origin)
  await expect.poll(() => page.title()).not.toBe('')
  expect(JSON.parse(await page.title())).toEqual([200, ['stitch', 'basis', 'moneyhub', 'fdx', 'browser']])
  expect(sent.filter((url) => !url.startsWith(`${origin}/`))).toEqual([])
  expect(sent.filter((url) => url.startsWith(`${origin}/connect/`))).toEqual([])
})
