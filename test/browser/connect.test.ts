import { describe, expect, it } from 'vitest'
import { card, connect, goToConsent, readDatabase, useBench, waitForStatus } from './support/bench.js'

const bench = useBench()

describe('Apiture, in browser mode', () => {
  it('connects and shows the accounts', async () => {
    const page = await bench.open()
    await connect(page, 'Apiture')
    await card(page, 'Apiture').getByText('Everyday Checking').waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    expect(bench.demo.banks.apiture.requests.count('/oidc/token')).toBe(1)
  })

  it('ends in Denied, with no request, when the person denies', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'Apiture', 'Denied')
    expect(bench.demo.banks.apiture.requests.count('/oidc/token')).toBe(0)
  })

  it('keeps the verifier under its state until the connection is stored, and nowhere after', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Apiture')
    const [request] = bench.demo.banks.apiture.requests.find('/oidc/authorize')
    const state = request?.parameters.state ?? ''
    const beside = await page.context().newPage()
    await beside.goto(`${bench.demo.origin}/icon.svg`)
    const before = await readDatabase(beside)
    expect(before[state]).toMatchObject({
      phase: 'left',
      codeVerifier: expect.stringMatching(/^[\w-]{43}$/) as string,
    })
    const { codeVerifier } = before[state] as { codeVerifier: string }
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Apiture', 'Connected')
    expect(JSON.stringify(await readDatabase(beside))).not.toContain(codeVerifier)
  })
})
