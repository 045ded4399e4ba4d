// npm run bench:page: how long a person waits, in Chromium on this machine, beside a hand-written floor without checks and beside
// oidc-client-ts with react-oidc-context. Latency is added to every request to the authorization server. Prints tables and
// writes docs/performance.md and the raw samples; asserts nothing.
import { writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, loadavg, release } from 'node:os'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { chromium, type Browser, type Page } from 'playwright-core'
import { build } from 'vite'
import { findChromium } from '../chromium.js'
import { aliases, onLog } from '../vite-options.js'
import { median, table } from './figures.js'

const latencies = [0, 50, 200]
const rounds = Number(process.argv[2] ?? 9)

/** Subjects, each with the page that it is. */
const subjects = [
  { name: 'floor', page: 'floor' },
  { name: 'floor with discovery', page: 'floor-discovers' },
  { name: 'oidc-client-ts', page: 'oidc-client' },
  { name: 'countersign', page: 'countersign' },
] as const

type Measure = 'first click' | 'callback' | 'second visit' | 'prepared click'
const measures: readonly Measure[] = ['callback', 'first click', 'second visit', 'prepared click']

/** The code of a request without a nonce. */
const withoutNonce = 'none'

interface Sample {
  readonly latency: number
  readonly subject: string
  readonly measure: Measure
  readonly milliseconds: number
}

const listen = (handle: (request: IncomingMessage, response: ServerResponse) => void) =>
  new Promise<{ readonly origin: string; readonly close: () => void }>((resolve) => {
    const server = createServer(handle).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({
        origin: `http://127.0.0.1:${port}`,
        close() {
          server.closeAllConnections()
          server.close()
        },
      })
    })
  })

/** The pages, built for production: a script and its chunks for each. */
async function buildPages(): Promise<ReadonlyMap<string, string>> {
  const folder = fileURLToPath(new URL('pages/', import.meta.url))
  const result = await build({
    configFile: false,
    logLevel: 'error',
    resolve: { alias: aliases('built') },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: {
        onLog,
        input: {
          floor: `${folder}floor.ts`,
          'oidc-client': `${folder}oidc-client.tsx`,
          countersign: `${folder}countersign.tsx`,
        },
        output: { entryFileNames: 'assets/[name].js' },
      },
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new Error('Vite returned no single build.')
  return new Map(
    result.output.flatMap((file) => (file.type === 'chunk' ? [[`/${file.fileName}`, file.code]] : [])),
  )
}

function startApp(pages: ReadonlyMap<string, string>) {
  return listen(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://127.0.0.1')
    const script = pages.get(pathname)
    if (script !== undefined) {
      response
        .writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'max-age=3600' })
        .end(script)
      return
    }
    const [, name = ''] = pathname.split('/')
    const entry = `/assets/${name.replace('-discovers', '')}.js`
    const html = pages.has(entry)
      ? `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script type="module" src="${entry}"></script>`
      : ''
    response.writeHead(html ? 200 : 404, { 'content-type': 'text/html' }).end(html)
  })
}

/** An authorization server that answers everybody. The code is what the ID Token needs to hold. */
async function startServer(latency: { milliseconds: number }) {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }]
  const answer = async (origin: string, path: string, form: URLSearchParams): Promise<object> => {
    if (path === '/jwks') return { keys }
    if (path !== '/token')
      return {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        jwks_uri: `${origin}/jwks`,
        code_challenge_methods_supported: ['S256'],
      }
    const idToken = await new SignJWT(form.get('code') === withoutNonce ? {} : { nonce: form.get('code') })
      .setProtectedHeader({ alg: 'ES256', kid: 'one' })
      .setIssuer(origin)
      .setAudience('bench')
      .setSubject('person')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
    return {
      access_token: randomUUID(),
      token_type: 'Bearer',
      expires_in: 300,
      scope: 'openid accounts',
      id_token: idToken,
    }
  }
  return listen((request, response) => {
    const origin = `http://${request.headers.host ?? ''}`
    const { pathname } = new URL(request.url ?? '/', origin)
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      setTimeout(() => {
        const headers = {
          'access-control-allow-origin': request.headers.origin ?? '*',
          'access-control-allow-headers': '*',
          'content-type': 'application/json',
        }
        void answer(origin, pathname, new URLSearchParams(body)).then((document) => {
          response.writeHead(200, headers).end(JSON.stringify(document))
        })
      }, latency.milliseconds)
    })
  })
}

/** Clicks, and gives how long it took until the page left, and where to. */
async function click(page: Page): Promise<NonNullable<Window['left']>> {
  await page.evaluate(() => {
    delete window.left
    document.body.click()
  })
  const left = await page.waitForFunction(() => window.left, undefined, { polling: 10 })
  return (await left.jsonValue()) as NonNullable<Window['left']>
}

/** One subject in a new profile: the first click, the callback, and clicks after the page was loaded again. */
async function run(
  browser: Browser,
  app: string,
  issuer: string,
  page: string,
): Promise<[Measure, number][]> {
  const context = await browser.newContext()
  try {
    const tab = await context.newPage()
    const home = `${app}/${page}/?issuer=${encodeURIComponent(issuer)}`
    const open = async (): Promise<void> => {
      await tab.goto(home)
      await tab.getByText('ready').waitFor()
      await tab.waitForTimeout(100)
    }
    await open()
    const first = await click(tab)
    const { searchParams } = new URL(first.url)
    const response = new URLSearchParams({
      code: searchParams.get('nonce') ?? withoutNonce,
      state: searchParams.get('state') ?? '',
    })
    await tab.goto(`${searchParams.get('redirect_uri') ?? ''}?${response.toString()}`)
    const token = await tab.waitForFunction(() => window.tokenAt, undefined, { polling: 10 })
    const callback = (await token.jsonValue()) ?? NaN
    await open()
    const second = await click(tab)
    const samples: [Measure, number][] = [
      ['first click', first.after],
      ['callback', callback],
      ['second visit', second.after],
    ]
    await open()
    const canPrepare = await tab.evaluate(async () => {
      await window.prepare?.()
      return window.prepare !== undefined
    })
    return canPrepare ? [...samples, ['prepared click', (await click(tab)).after]] : samples
  } finally {
    await context.close()
  }
}

async function measure(): Promise<Sample[]> {
  const app = await startApp(await buildPages())
  const latency = { milliseconds: 0 }
  const server = await startServer(latency)
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  const samples: Sample[] = []
  try {
    for (const milliseconds of latencies) {
      latency.milliseconds = milliseconds
      // The first round warms up. Who comes first changes, so that nobody has the better place.
      for (let round = 0; round <= rounds; round += 1) {
        const order = round % 2 === 0 ? subjects : [...subjects].reverse()
        for (const { name, page } of order) {
          const found = await run(browser, app.origin, server.origin, page)
          if (round === 0) continue
          for (const [what, time] of found)
            samples.push({ latency: milliseconds, subject: name, measure: what, milliseconds: time })
        }
      }
    }
  } finally {
    await browser.close()
    app.close()
    server.close()
  }
  return samples
}

const samples = await measure()
const medianOf = (latency: number, subject: string, what: Measure): number =>
  median(
    samples
      .filter((one) => one.latency === latency && one.subject === subject && one.measure === what)
      .map(({ milliseconds }) => milliseconds),
  )
const figure = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(value < 10 ? 1 : 0))

const head = ['', ...subjects.map(({ name }) => name), 'to the floor', 'to oidc-client-ts']
const rowsOf = (what: Measure): string[][] =>
  latencies.map((latency) => {
    const values = subjects.map(({ name }) => medianOf(latency, name, what))
    const [floor = NaN, discovers = NaN, other = NaN, ours = NaN] = values
    const base = what === 'first click' ? discovers : floor
    return [`${latency} ms`, ...values.map(figure), figure(ours / base), figure(ours / other)]
  })

for (const what of measures) {
  console.log(`\n${what}, medians of ${rounds}, in ms`)
  table(head, rowsOf(what))
}

const [cpu] = cpus()
const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, Linux ${release()}, Node ${process.versions.node}, load ${loadavg()[0]?.toFixed(1) ?? '?'} when it ended`
const busy =
  (loadavg()[0] ?? 0) > 2 * cpus().length
    ? ' It was busy with other work, so the figures are rough: run it again on an idle one.'
    : ''
const titles: Record<Measure, string> = {
  callback: 'Callback page: from the beginning of its load to a token that can be used',
  'first click': 'First click in a new profile, to the navigation',
  'second visit': 'Click after the page was loaded again',
  'prepared click': 'Click that `prepare()` went ahead of',
}
const markdown = (what: Measure): string =>
  [
    `## ${titles[what]}`,
    '',
    `| latency | ${head.slice(1).join(' | ')} |`,
    `| --- |${' ---: |'.repeat(head.length - 1)}`,
    ...rowsOf(what).map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')
const root = new URL('../../', import.meta.url)
writeFileSync(
  new URL('scripts/bench/page-samples.json', root),
  `${JSON.stringify({ machine, rounds, samples: samples.map((one) => ({ ...one, milliseconds: Number(one.milliseconds.toFixed(2)) })) })}\n`,
)
writeFileSync(
  new URL('docs/performance.md', root),
  `# Performance in the page

Written by \`npm run bench:page\`: Chromium against servers on the same machine; the latency is added to every request to the
authorization server, and to no other. Medians of ${rounds} interleaved runs, in milliseconds, each in a new profile. Every raw sample is
in \`scripts/bench/page-samples.json\`. Nothing here is asserted by a test; what each path may request is, in \`test/core/paths.test.ts\`.

- **floor**: the protocol by hand, without React and without a single check; endpoints built in, or asked for before the click leaves.
- **oidc-client-ts**: with react-oidc-context. It checks no signature, and asks for metadata on every page.
- **countersign**: every check, the ID Token's signature included.

The ratio "to the floor" of a first click is to the floor that asks for the metadata as well.

${measures.map(markdown).join('\n\n')}

Machine: ${machine}.${busy}
`,
)
