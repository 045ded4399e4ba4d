import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { card, connect, goToConsent, useBench, waitForStatus } from './support/bench.js'

const bench = useBench({ oneProcess: true })

const bank = () => bench.demo.banks.stitch
const tokenRequests = () => bank().requests.find('/connect/token')
const grantTypes = () => tokenRequests().map(({ grantType }) => grantType)
const stitch = (page: Page) => card(page, 'Stitch')

/** Connects, but leaves boxes of the consent page empty. */
async function connectWithout(page: Page, ...scopes: string[]): Promise<void> {
  await goToConsent(page, 'Stitch')
  for (const scope of scopes) await page.locator(`input[value="${scope}"]`).uncheck()
  await page.getByRole('button', { name: 'Approve' }).click()
  await waitForStatus(page, 'Stitch', 'Connected')
}

describe('Stitch, in mediated mode', () => {
  it('stitch 1: connects and shows the accounts', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await stitch(page).getByText('Current Account').waitFor()
    expect(grantTypes()).toEqual(['authorization_code'])
  })

  it('ends in Denied when the person denies', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'Stitch', 'Denied')
    expect(tokenRequests()).toEqual([])
  })

  it('stitch 21: ends in Cancelled when only the state comes back', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await waitForStatus(page, 'Stitch', 'Cancelled')
    expect(tokenRequests()).toEqual([])
    await stitch(page).getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })
})

describe('what the person does not share', () => {
  it('stitch 20: is shown as not shared, and not asked for', async () => {
    const page = await bench.open()
    await connectWithout(page, 'balances')
    await stitch(page).getByText('Not shared: balances').waitFor()
    const cells = stitch(page).getByRole('cell', { name: 'not shared' })
    await cells.first().waitFor()
    expect(await cells.count()).toBe(2)
  })

  it('is shown as no longer shared after a renewal that grants less', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await stitch(page).getByRole('button', { name: 'Renew' }).click()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.locator('input[value="balances"]').uncheck()
    await page.getByRole('button', { name: 'Approve' }).click()
    await stitch(page).getByText('No longer shared: balances').waitFor()
  })

  it('stitch 20: can be the accounts themselves', async () => {
    const page = await bench.open()
    await connectWithout(page, 'accounts', 'balances')
    await stitch(page).getByText('Not shared: accounts, balances').waitFor()
    expect(bank().requests.count('/graphql')).toBe(0)
  })

  it('stitch 26: can be the access while they are away: then it ends with the token', async () => {
    const page = await bench.open()
    bank().control.next({ accessTokenSeconds: 30 })
    await connectWithout(page, 'offline_access')
    await stitch(page).getByText('Current Account').waitFor()
    await bank().control.act('expireAccessTokens')
    await page.reload()
    await waitForStatus(page, 'Stitch', 'Connect again to go on')
    expect(grantTypes()).toEqual(['authorization_code'])
  })
})

describe('an access token that Stitch refuses', () => {
  it('stitch 33: is replaced by one refresh, and the request sent once more', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await stitch(page).getByText('Current Account').waitFor()
    bank().requests.clear()
    await bank().control.act('expireAccessTokens')
    await page.reload()
    await stitch(page).getByText('Current Account').waitFor()
    expect(grantTypes()).toEqual(['refresh_token'])
    const statuses = bank()
      .requests.find('/graphql')
      .map(({ status }) => status)
    expect(statuses.filter((status) => status === 401)).toHaveLength(statuses.length / 2)
  })

  it('stitch 33: is known by the body, whatever the status', async () => {
    const page = await bench.open()
    bank().control.next({
      api: {
        status: 200,
        body: '{"errors":[{"message":"UNAUTHENTICATED: Token is expired or malformed"}],"extensions":{"code":"UNAUTHENTICATED"}}',
      },
    })
    await connect(page, 'Stitch')
    await stitch(page).getByText('Current Account').waitFor()
    await expect.poll(grantTypes).toEqual(['authorization_code', 'refresh_token'])
  })

  it('stitch 35: means that the person must connect again when it cannot be replaced', async () => {
    const page = await bench.open()
    await connect(page, 'Stitch')
    await stitch(page).getByText('Current Account').waitFor()
    await bank().control.act('expireAccessTokens')
    bank().control.next({ refresh: { error: 'invalid_grant' } })
    await page.reload()
    await waitForStatus(page, 'Stitch', 'Connect again to go on')
    await connect(page, 'Stitch')
    await stitch(page).getByText('Current Account').waitFor()
  })
})

describe('a bank that wants to see the person again', () => {
  it.each(['USER_INTERACTION_REQUIRED', 'REAUTHORIZATION_REQUIRED'] as const)(
    'stitch 37: says %s; the person goes there and comes back to the same connection',
    async (interaction) => {
      const page = await bench.open()
      bank().control.next({ interaction })
      await connect(page, 'Stitch')
      await stitch(page).getByText(interaction).waitFor()
      await stitch(page).getByRole('button', { name: 'Go to the bank' }).click()
      await page.getByText('Is it still you?').waitFor()
      expect(new URL(page.url()).origin).toBe(bank().origin)
      await page.getByRole('button', { name: 'Confirm' }).click()
      await stitch(page).getByText('Current Account').waitFor()
      await waitForStatus(page, 'Stitch', 'Connected')
      expect(page.url()).toBe(`${bench.demo.origin}/`)
      expect(grantTypes()).toEqual(['authorization_code'])
    },
  )

  it('is not believed when it sends the person somewhere else', async () => {
    const page = await bench.open()
    bank().control.always({
      api: {
        status: 200,
        body: JSON.stringify({
          data: null,
          errors: [
            {
              message: 'Again.',
              extensions: {
                code: 'USER_INTERACTION_REQUIRED',
                userInteractionUrl: 'https://evil.example/connect/user-interaction',
              },
            },
          ],
        }),
      },
    })
    await connect(page, 'Stitch')
    await stitch(page).getByText('The bank did not answer as expected.').waitFor()
    expect(await stitch(page).getByRole('button', { name: 'Go to the bank' }).count()).toBe(0)
    expect(await page.content()).not.toContain('evil.example')
  })
})
