// One run through each provider, as a person has it: click, sign in at the bank, approve, come back, see data, reload.
// The other files of this folder go through everything that can be different.
import { expect, it } from 'vitest'
import { card, connect, useBench, waitForStatus } from './support/bench.js'

const bench = useBench({ oneProcess: true })

it.each([
  { title: 'Apiture', shows: 'Everyday Checking', afterReload: 'Connect again to go on' },
  { title: 'Basis', shows: 'Lasagna Enterprises', afterReload: 'Connected' },
  { title: 'FDX', shows: 'Analytical Checking', afterReload: 'Connected' },
  { title: 'Moneyhub', shows: 'Everyday Account', afterReload: 'Connected' },
  { title: 'OpenID', shows: 'Daily Money', afterReload: 'Connected' },
  { title: 'Stitch', shows: 'Current Account', afterReload: 'Connected' },
])('$title connects by a redirect and shows data', async ({ title, shows, afterReload }) => {
  const page = await bench.open()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  await connect(page, title)
  await card(page, title).getByText(shows).first().waitFor()
  expect(page.url()).toBe(`${bench.demo.origin}/`)
  await page.reload()
  await waitForStatus(page, title, afterReload)
  expect(problems).toEqual([])
})
