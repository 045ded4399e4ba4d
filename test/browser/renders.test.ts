import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { connect, setClock, useBench, waitForStatus } from './support/bench.js'
import { askForToken } from './support/client.js'

const bench = useBench({ page: {}, clock: true, dpop: true })
const refreshes = () =>
  bench.demo.banks.apiture.requests.count('/oidc/token', { grant_type: 'refresh_token' })

interface Counted {
  components: number
  renders: Readonly<Record<'tokens' | 'connections' | 'authorize' | 'callback', number>>
}

const countRenders = (page: Page): Promise<Counted['renders']> =>
  page.evaluate(() => ({ ...(window as unknown as Counted).renders }))

describe('two hundred mounted components', () => {
  it('render nothing when a token is refreshed, and only their readers when the status changes', async () => {
    const context = await bench.newProfile()
    await context.addInitScript(() => {
      ;(window as unknown as Counted).components = 200
    })
    const page = await context.newPage()
    await page.goto(bench.demo.origin)
    bench.demo.banks.apiture.control.next({ accessTokenSeconds: 60 })
    await connect(page, 'Apiture')

    const mounted = await countRenders(page)
    expect(Object.values(mounted).every((count) => count >= 50)).toBe(true)
    await setClock(page, 120)
    expect(await askForToken(page, 'apiture', 20)).toMatchObject({ answered: 20, errors: [] })
    expect(refreshes()).toBe(1)
    expect(await countRenders(page)).toEqual(mounted)

    await setClock(page, 2 * 3600)
    bench.demo.banks.apiture.control.next({ refresh: { error: 'invalid_grant' } })
    expect(await askForToken(page, 'apiture')).toMatchObject({ errors: ['reauthorization_required'] })
    await waitForStatus(page, 'Apiture', 'Connect again to go on')
    expect(await countRenders(page)).toEqual({ ...mounted, tokens: mounted.tokens + 50 })
  })
})
