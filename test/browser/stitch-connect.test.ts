import { describe, expect, it } from 'vitest'
import { card, connect, goToConsent, useBench, waitForStatus } from './support/bench.js'

const bench = useBench()

describe('Stitch, in mediated mode', () => {
  it('connects and shows the accounts', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await card(page, 'Stitch').getByText('Current Account').waitFor()
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })

  it('ends in Denied when the person denies', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'Stitch', 'Denied')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(0)
  })

  it('ends in Cancelled when only the state comes back', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await waitForStatus(page, 'Stitch', 'Cancelled')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(0)
  })
})
