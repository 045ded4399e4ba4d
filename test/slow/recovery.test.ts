import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import {
  card,
  connect,
  goToConsent,
  pressConnect,
  signInAtBank,
  useBench,
  waitForStatus,
} from '../browser/support/bench.js'

const bench = useBench({ oneProcess: true })
const stitch = (page: Page) => card(page, 'Stitch')

/** What the backend answers, and what the person is offered: before they leave, and when they have come back. */
const refusals = {
  resume: { status: 429, error: 'rate_limited', leaving: 'Try again', returned: 'Try again' },
  authorize: { status: 400, error: 'invalid_grant', leaving: 'Start again', returned: 'Start again' },
  sign_in: {
    status: 401,
    error: 'unauthenticated',
    leaving: 'Sign in as Robin',
    returned: 'Sign in as Robin',
  },
} as const

type Recovery = keyof typeof refusals

/** Has the backend refuse a step until the function given back is called. */
async function refuse(page: Page, step: 'authorization' | 'token', status: number, error: string) {
  const path = `**/connect/stitch/${step}`
  await page.route(path, (route) => route.fulfill({ status, json: { error } }))
  return () => page.unroute(path)
}

const approve = (page: Page) => page.getByRole('button', { name: 'Approve' }).click()
const press = (page: Page, name: string) => stitch(page).getByRole('button', { name, exact: true }).click()

describe.each(Object.keys(refusals) as Recovery[])('the recovery "%s"', (recovery) => {
  const { status, error, leaving, returned } = refusals[recovery]

  it('is offered to a person who cannot leave, and leads to a connection', async () => {
    const page = await bench.open()
    const allow = await refuse(page, 'authorization', status, error)
    await pressConnect(page, 'Stitch')
    await stitch(page).getByRole('button', { name: leaving, exact: true }).waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
    await allow()
    await press(page, leaving)
    await signInAtBank(page, 'Stitch')
    await approve(page)
    await waitForStatus(page, 'Stitch', 'Connected')
  })

  it('is offered to a person who has come back, and leads to a connection', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    const allow = await refuse(page, 'token', status, error)
    await approve(page)
    await stitch(page).getByRole('button', { name: returned, exact: true }).waitFor()
    await allow()
    await press(page, returned)
    if (recovery === 'authorize') {
      await signInAtBank(page, 'Stitch')
      await approve(page)
    }
    await waitForStatus(page, 'Stitch', 'Connected')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })
})

describe('the recovery "configure"', () => {
  const sentence = 'there is nothing you can do to fix it'

  it('is said to a person who cannot leave: there is nothing to press', async () => {
    const page = await bench.open()
    await refuse(page, 'authorization', 400, 'invalid_request')
    await pressConnect(page, 'Stitch')
    const problem = stitch(page).getByRole('alert')
    await problem.getByText(sentence).waitFor()
    expect(await problem.getByRole('button').count()).toBe(0)
  })

  it('is said to a person who has come back, and the code is kept for when it is put right', async () => {
    const page = await bench.open()
    await goToConsent(page, 'Stitch')
    const allow = await refuse(page, 'token', 400, 'invalid_request')
    await approve(page)
    await stitch(page).getByText(sentence).waitFor()
    await allow()
    await page.reload()
    await waitForStatus(page, 'Stitch', 'Connected')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })
})

it('a connection that must be renewed offers just that', async () => {
  const page = await bench.open()
  await connect(page, 'Stitch')
  await stitch(page).getByRole('table').waitFor()
  await page.route('**/connect/connections/*/access-token', (route) =>
    route.fulfill({ status: 409, json: { error: 'reauthorization_required' } }),
  )
  await page.reload()
  await waitForStatus(page, 'Stitch', 'Connect again to go on')
  await page.unroute('**/connect/connections/*/access-token')
  await connect(page, 'Stitch')
})
