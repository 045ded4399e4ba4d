// How the page's times grow with what lies in its database and with what is mounted.
import type { Browser, Page } from 'playwright-core'
import { median } from '../figures.js'
import { click } from './click.js'

/** What is stored, and what is mounted. */
interface Size {
  readonly name: string
  readonly connections: number
  readonly stale: number
  readonly hooks: number
}

const small = { connections: 10, stale: 10, hooks: 10 }

export const sizes: readonly Size[] = [
  { name: '10 of each', ...small },
  { name: '1,000 connections', ...small, connections: 1000 },
  { name: '10,000 stale transactions', ...small, stale: 10_000 },
  { name: '1,000 mounted hooks', ...small, hooks: 1000 },
  { name: 'all of them', connections: 1000, stale: 10_000, hooks: 1000 },
]

const operations = [
  { name: 'sweep', title: 'first view, which sweeps', unit: 'ms' },
  { name: 'restore', title: 'next view: the list', unit: 'ms' },
  { name: 'change', title: 'a change in another tab, until shown', unit: 'ms' },
  { name: 'click', title: 'click, to the navigation', unit: 'ms' },
  { name: 'mount', title: 'mount, for each hook', unit: 'µs' },
  { name: 'render', title: 'a render at 200/s, for each hook', unit: 'µs' },
] as const

export type Operation = (typeof operations)[number]['name']

export interface ScaleSample {
  readonly size: string
  readonly operation: Operation
  readonly value: number
}

const rendersPerSecond = 200

/** Writes connections and transactions whose person never came back, as the library stores them. */
const fill = (page: Page, { connections, stale }: Size): Promise<void> =>
  page.evaluate(
    async ({ connections, stale }) => {
      const opening = indexedDB.open('countersign')
      opening.onupgradeneeded = () => opening.result.createObjectStore('records')
      await new Promise((resolve) => (opening.onsuccess = resolve))
      const transaction = opening.result.transaction('records', 'readwrite')
      const records = transaction.objectStore('records')
      const now = Date.now() / 1000
      for (let index = 0; index < connections; index += 1) {
        const id = `connection-${index}`
        const connection = {
          ...{ id, provider: 'bank', status: 'connected', grantedScope: ['openid', 'accounts'] },
          ...{ missingScope: [], connectedAt: now - 1e6 + index, details: { number: index } },
        }
        records.put({ v: 1, subject: '', mode: 'browser', persistent: true, connection }, `connection:${id}`)
      }
      for (let index = 0; index < stale; index += 1) {
        const state = `cs${String(index).padStart(41, '0')}`
        const verifier = String(index).padStart(43, 'v')
        const value = {
          ...{ v: 1, phase: 'left', state, codeVerifier: verifier, codeChallenge: verifier, nonce: verifier },
          ...{ provider: 'bank', clientId: 'bench', redirectUri: `${location.origin}/scale/callback/bank` },
          ...{ scope: 'openid accounts', subject: '', input: {}, returnTo: '/' },
          ...{ createdAt: now - 2000, expiresAt: now - 1000 },
        }
        records.put(value, `transaction:${state}`)
      }
      await new Promise((resolve) => (transaction.oncomplete = resolve))
      opening.result.close()
    },
    { connections, stale },
  )

/** Changes a connection as another tab does, and gives how long it took until that was rendered. */
const change = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const opening = indexedDB.open('countersign')
    await new Promise((resolve) => (opening.onsuccess = resolve))
    const transaction = opening.result.transaction('records', 'readwrite')
    const records = transaction.objectStore('records')
    const reading = records.get('connection:connection-3') as IDBRequest<{ connection: object }>
    await new Promise((resolve) => (reading.onsuccess = resolve))
    const { connection } = reading.result
    const changed = { ...reading.result, connection: { ...connection, details: { changed: Math.random() } } }
    records.put(changed, 'connection:connection-3')
    await new Promise((resolve) => (transaction.oncomplete = resolve))
    opening.result.close()
    const channel = new BroadcastChannel('countersign')
    const announcedAt = performance.now()
    channel.postMessage({ v: 1, id: 'connection-3' })
    const scale = window.scale
    while (scale && scale.renderedAt < announcedAt) await new Promise((resolve) => setTimeout(resolve))
    channel.close()
    return (scale?.renderedAt ?? NaN) - announcedAt
  })

/** Waits until the sweep, which goes on after the first view, has removed what is stale. */
const swept = (page: Page, { connections }: Size): Promise<void> =>
  page.evaluate(async (most) => {
    const opening = indexedDB.open('countersign')
    await new Promise((resolve) => (opening.onsuccess = resolve))
    for (let count = Infinity; count > most;) {
      const counting = opening.result.transaction('records').objectStore('records').count()
      await new Promise((resolve) => (counting.onsuccess = resolve))
      count = counting.result
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    opening.result.close()
  }, connections + 40)

/** All operations at one size, in a new profile. */
async function run(browser: Browser, app: string, issuer: string, size: Size): Promise<ScaleSample[]> {
  const context = await browser.newContext()
  try {
    const tab = await context.newPage()
    const open = async (): Promise<{ restored: number; mounted: number }> => {
      await tab.goto(
        `${app}/scale/?hooks=${size.hooks}&connections=${size.connections}&issuer=${encodeURIComponent(issuer)}`,
      )
      const shown = await tab.waitForFunction(
        () => window.scale?.mounted !== undefined && { ...window.scale, render: undefined },
        undefined,
        { polling: 10, timeout: 120_000 },
      )
      return (await shown.jsonValue()) as { restored: number; mounted: number }
    }
    await tab.goto(`${app}/floor/?issuer=${encodeURIComponent(issuer)}`)
    await fill(tab, size)
    const first = await open()
    await swept(tab, size)
    // The first click asks for the metadata, and loads what a click needs.
    await click(tab)
    const next = await open()
    const render = await tab.evaluate((perSecond) => window.scale?.render(400, perSecond), rendersPerSecond)
    const values: Record<Operation, number> = {
      sweep: first.restored,
      restore: next.restored,
      change: await change(tab),
      click: (await click(tab)).after,
      mount: (next.mounted * 1000) / size.hooks,
      render: ((render ?? NaN) * 1000) / size.hooks,
    }
    return operations.map(({ name }) => ({ size: size.name, operation: name, value: values[name] }))
  } finally {
    await context.close()
  }
}

/** Interleaved runs of all sizes. The first round warms up. */
export async function measureScale(
  browser: Browser,
  app: string,
  issuer: string,
  rounds: number,
): Promise<ScaleSample[]> {
  const samples: ScaleSample[] = []
  for (let round = 0; round <= rounds; round += 1)
    for (const size of round % 2 === 0 ? sizes : [...sizes].reverse()) {
      const found = await run(browser, app, issuer, size)
      if (round > 0) samples.push(...found)
    }
  return samples
}

/** A row for each operation: its median at each size, and how often that is the median of the small one. */
export const scaleRows = (samples: readonly ScaleSample[]): string[][] =>
  operations.map(({ name, title, unit }) => {
    const medians = sizes.map((size) =>
      median(
        samples.filter((one) => one.operation === name && one.size === size.name).map(({ value }) => value),
      ),
    )
    const [base = NaN] = medians
    return [
      `${title}, ${unit}`,
      ...medians.map((value, index) =>
        index === 0 ? figure(value) : `${figure(value)} (× ${figure(value / base)})`,
      ),
    ]
  })

/** A figure as tables show it. */
export const figure = (value: number): string =>
  Number.isNaN(value) ? '–' : value.toFixed(value < 10 ? 1 : 0)
