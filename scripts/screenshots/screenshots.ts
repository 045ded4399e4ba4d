// `npm run screenshots`: the README's pictures, taken of the running demo, so that they show what it is now.
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from 'playwright-core'
import { startDemo } from '../../demo/demo.js'
import { findChromium } from '../chromium.js'

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url))

/** The banks of the picture with the overview, in the order in which they are connected. */
// A flow in `browser` mode comes last: of it the devtools show the most.
const banks = ['Fynbos Bank', 'Old Quay Building Society', 'Pennyhill Bank', 'Juniper Savings'] as const

const desktop = { width: 1280, height: 860 }
const phone = { width: 390, height: 844 }

async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready)
  // A ring around what has the focus, or a pointer above a button, would be of no use to who looks on.
  await page.mouse.move(0, 0)
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  })
  await page.screenshot({ path: `${folder}${name}.png`, animations: 'disabled' })
  console.log(`docs/pictures/${name}.png`)
}

async function takeBoth(page: Page, name: string): Promise<void> {
  await take(page, name)
  await page.emulateMedia({ colorScheme: 'dark' })
  await take(page, `${name}-dark`)
  await page.emulateMedia({ colorScheme: 'light' })
}

/** Connects a bank, and takes a picture of its page on a phone. */
async function connect(page: Page, origin: string, bank: string): Promise<void> {
  await page.getByRole('button', { name: `Connect ${bank}`, exact: true }).click()
  if (bank === 'Old Quay Building Society' || bank === 'Pennyhill Bank')
    await page.getByRole('button', { name: /^Continue to/ }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Approve' }).waitFor()
  await page.setViewportSize(phone)
  await take(page, `bank-${bank.split(' ')[0]?.toLowerCase() ?? ''}`)
  await page.setViewportSize(desktop)
  await page.getByRole('button', { name: 'Approve' }).click()
  await page.waitForURL(`${origin}/`)
  await page.getByRole('article', { name: bank, exact: true }).getByRole('table').waitFor()
}

/** Opens the devtools on the flow that came last, with what was checked when the code was redeemed. */
async function takeDevtools(page: Page): Promise<void> {
  const toggle = page.getByRole('button', { name: 'Countersign', exact: true })
  await page.setViewportSize({ width: desktop.width, height: 1000 })
  await toggle.click()
  const panel = page.getByRole('region', { name: 'What the client does' })
  await panel
    .getByRole('button', { name: /Code redeemed/ })
    .first()
    .click()
  await panel
    .getByText(/^passed: /)
    .first()
    .waitFor()
  // What is opened is brought into view; the way there is what the picture is about.
  await panel
    .getByRole('button', { name: /Transaction prepared/ })
    .first()
    .evaluate((message) => {
      message.parentElement?.scrollIntoView({ block: 'start' })
    })
  await takeBoth(page, 'devtools')
  await panel.getByRole('button', { name: 'Close' }).click()
  await page.setViewportSize(desktop)
}

await mkdir(folder, { recursive: true })
const demo = await startDemo()
const browser = await chromium.launch({ executablePath: await findChromium(), args: ['--no-sandbox'] })
try {
  const context = await browser.newContext({ viewport: desktop, colorScheme: 'light', locale: 'en-GB' })
  const headers = { origin: demo.origin }
  await context.request.post(`${demo.origin}/session`, { headers, data: { user: 'robin' } })
  const page = await context.newPage()
  await page.goto(demo.origin)
  await page.getByRole('article', { name: 'Larkspur Bank' }).waitFor()
  await takeBoth(page, 'landing')
  for (const bank of banks) await connect(page, demo.origin, bank)
  await page.evaluate(() => scrollTo(0, 0))
  await takeBoth(page, 'overview')
  await takeDevtools(page)
  await page.getByRole('link', { name: 'What can go wrong' }).click()
  for (const title of ['Forged state', 'Stolen DPoP token']) {
    await page.getByRole('button', { name: `Run: ${title}` }).click()
    await page.getByRole('article', { name: title }).getByText('As expected', { exact: true }).waitFor()
  }
  await page.setViewportSize({ width: 1280, height: 1120 })
  await page.evaluate(() => scrollTo(0, 0))
  await take(page, 'scenarios')
} finally {
  await browser.close()
  await demo.close()
}
