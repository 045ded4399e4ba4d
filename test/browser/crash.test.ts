// Some of the points of test/slow/crash.test.ts, which has them all.
import { describe, expect, it } from 'vitest'
import { connect, connectButton, readDatabase, useBench, waitForStatus } from './support/bench.js'
import { crashAt, findPoints, reopenAfter, type CrashPoint } from './support/crash.js'

const bench = useBench()

const known = new Map<string, Promise<CrashPoint[]>>()

/** The last point whose name fits. */
async function find(title: 'Apiture' | 'Stitch', name: RegExp): Promise<CrashPoint> {
  const finding = known.get(title) ?? findPoints(bench, title)
  known.set(title, finding)
  const points = await finding
  const found = points.filter((point) => name.test(point.name)).pop()
  if (!found) throw new Error(`No point is called ${String(name)}.`)
  return found
}

describe('a tab that dies', () => {
  it.each([
    ['Apiture', 'before the token request', /token: begins/, { end: 'connected', sent: 1, granted: 1 }],
    ['Apiture', 'after the token response', /token: answered/, { end: 'restarted', sent: 2, granted: 1 }],
    ['Apiture', 'after the connection was stored', /work done/, { end: 'stored', sent: 1, granted: 1 }],
    ['Stitch', 'before the token request', /token: begins/, { end: 'connected', sent: 1, granted: 1 }],
    ['Stitch', 'after the token response', /token: answered/, { end: 'connected', sent: 1, granted: 1 }],
  ] as const)('%s, %s, and is loaded again', async (title, _when, name, aftermath) => {
    expect(await crashAt(bench, title, await find(title, name))).toMatchObject(aftermath)
  })

  it('after the token response, and is never opened again: the next page of the app finishes in mediated mode', async () => {
    const page = await reopenAfter(bench, 'Stitch', await find('Stitch', /token: answered/))
    await waitForStatus(page, 'Stitch', 'Connected')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })

  it('after the token response, and is never opened again: the next page tells of it in browser mode', async () => {
    const page = await reopenAfter(bench, 'Apiture', await find('Apiture', /token: answered/))
    await page.getByText('did not come back').waitFor()
    expect(JSON.stringify(await readDatabase(page))).not.toContain('codeVerifier')
    await page.getByRole('button', { name: 'Try again' }).click()
    await waitForStatus(page, 'Apiture', 'Connected')
  })
})

describe('an answer of the token endpoint that is lost', () => {
  const tokenRequests = () => bench.demo.banks.apiture.requests.count('/oidc/token')

  it('keeps the transaction: the second try is told that the code is spent, and offers to start again', async () => {
    const page = await bench.open()
    bench.demo.banks.apiture.control.always({ automatic: true })
    bench.demo.banks.apiture.control.next({ token: 'broken-reply' })
    await connectButton(page, 'Apiture').click()
    await page.getByText('network_error').waitFor()
    await page.reload()
    await page.getByText('token_error').waitFor()
    expect(tokenRequests()).toBe(2)
    await page.getByRole('button', { name: 'Start again' }).click()
    await waitForStatus(page, 'Apiture', 'Connected')
  })

  it('and lost again ends in redemption_unknown: the code is not sent a third time', async () => {
    const page = await bench.open()
    bench.demo.banks.apiture.control.always({ automatic: true, token: 'broken-reply' })
    await connectButton(page, 'Apiture').click()
    await page.getByText('network_error').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect.poll(tokenRequests).toBe(2)
    await page.getByText('network_error').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('redemption_unknown').waitFor()
    expect(tokenRequests()).toBe(2)
  })

  it('costs nothing in mediated mode: the backend answers again', async () => {
    const page = await bench.open()
    bench.demo.banks.stitch.control.always({ automatic: true })
    let lost = false
    await page.route('**/connect/stitch/token', async (route) => {
      if (lost) return route.continue()
      lost = true
      await route.fetch()
      return route.abort('connectionreset')
    })
    await connectButton(page, 'Stitch').click()
    await page.getByText('network_error').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await waitForStatus(page, 'Stitch', 'Connected')
    expect(bench.demo.banks.stitch.requests.count('/connect/token')).toBe(1)
  })
})

it('leaves nothing behind that a later connection could stumble over', async () => {
  const page = await bench.open()
  await connect(page, 'Apiture')
  const phases = Object.values(await readDatabase(page)).map((record) => Object(record) as { phase?: string })
  expect(phases.flatMap(({ phase }) => phase ?? [])).toEqual(['done'])
})
