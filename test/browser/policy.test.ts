// The demo's Content Security Policy in a browser that enforces it: all of the app works under it, and injected script does not.
import type { Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { connect, useBench } from './support/bench.js'

const bench = useBench({ oneProcess: true })

/** Has a page remember what its policy refuses, from before its own scripts on. */
async function watchPolicy(page: Page): Promise<() => Promise<readonly string[]>> {
  const refused: string[] = []
  await page.exposeFunction('noteRefused', (what: string) => refused.push(what))
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) => {
      const { noteRefused } = globalThis as unknown as { noteRefused: (what: string) => void }
      noteRefused(`${effectiveDirective} ${blockedURI} ${sample}`.trim())
    })
  })
  return () => Promise.resolve(refused)
}

it('lets the whole app work: every page of it, and a bank connected there and back', async () => {
  const page = await (await bench.newProfile()).newPage()
  const refused = await watchPolicy(page)
  await page.goto(bench.demo.origin)
  await connect(page, 'Stitch')
  for (const path of ['/lab', '/code', '/callback/stitch', '/']) {
    await page.goto(bench.demo.origin + path)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
  }
  expect(await refused()).toEqual([])
})

it('makes no text a script, and lets nothing make a policy that would', async () => {
  const page = await (await bench.newProfile()).newPage()
  const refused = await watchPolicy(page)
  await page.goto(bench.demo.origin)
  const errors = await page.evaluate(() => {
    const { trustedTypes } = globalThis as unknown as {
      trustedTypes: { createPolicy: (name: string, rules: object) => unknown }
    }
    const errorOf = (work: () => unknown): string => {
      try {
        work()
        return 'none'
      } catch (error) {
        return (error as Error).name
      }
    }
    const element = document.createElement('div')
    const script = document.createElement('script')
    return [
      errorOf(() => (element.innerHTML = '<img src=x onerror="document.title = 1">')),
      errorOf(() => (script.text = 'document.title = 1')),
      errorOf(() => (script.src = 'https://evil.example/x.js')),
      errorOf(() => trustedTypes.createPolicy('own', { createHTML: (text: string) => text })),
      errorOf(() => trustedTypes.createPolicy('default', { createHTML: (text: string) => text })),
    ]
  })
  expect(errors).toEqual(Array.from({ length: 5 }, () => 'TypeError'))
  await expect.poll(refused).toHaveLength(5)
})
