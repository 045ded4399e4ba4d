import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { card, connect, connectButton, setClock, useBench, waitForStatus } from './support/bench.js'
import { askForToken, askResource, holdRefreshes, type Answers } from './support/client.js'

const bench = useBench({ page: {}, clock: true, dpop: true })
const apiture = () => bench.demo.banks.apiture
const stitch = () => bench.demo.banks.stitch

const refreshes = (bank: 'apiture' | 'stitch') =>
  bench.demo.banks[bank].requests.count(/\/token$/, { grant_type: 'refresh_token' })

const listAccounts = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: 'query ListBankAccounts { user { ... on User { bankAccounts { id } } } }' }),
}

/** Connects, and opens further tabs of the same profile. */
async function openTabs(title: string, count: number): Promise<[Page, ...Page[]]> {
  const page = await bench.open()
  await connect(page, title)
  const more = await Promise.all(Array.from({ length: count - 1 }, () => page.context().newPage()))
  await Promise.all(more.map((tab) => tab.goto(bench.demo.origin)))
  // Nothing is under way any more that would ask for a token.
  await Promise.all([page, ...more].map((tab) => card(tab, title).getByRole('table').waitFor()))
  return [page, ...more]
}

const sumUp = (answers: readonly Answers[]) => ({
  answered: answers.reduce((sum, { answered }) => sum + answered, 0),
  different: new Set(answers.flatMap(({ tokens }) => tokens)).size,
  errors: answers.flatMap(({ errors }) => errors),
})

describe('ten tabs with twenty callers each, when the access token has expired', () => {
  it('cost one token request in browser mode, and nobody fails', async () => {
    apiture().control.next({ accessTokenSeconds: 60 })
    const tabs = await openTabs('Apiture', 10)
    await setClock(tabs[0], 120)
    const answers = await Promise.all(tabs.map((tab) => askForToken(tab, 'apiture', 20)))
    expect(sumUp(answers)).toEqual({ answered: 200, different: 1, errors: [] })
    expect(refreshes('apiture')).toBe(1)
  })

  it('cost one token request in mediated mode, and every request to the API that was refused is sent again', async () => {
    const tabs = await openTabs('Stitch', 10)
    await stitch().control.act('expireAccessTokens')
    const answers = await Promise.all(
      tabs.map((tab) => askResource(tab, 'stitch', '/graphql', listAccounts, 20)),
    )
    expect(answers.flat()).toEqual(Array.from({ length: 200 }, () => 200))
    expect(refreshes('stitch')).toBe(1)
  })
})

describe('a refresh token that the server refuses', () => {
  it('ends in "connect again" in every tab, after one request', async () => {
    apiture().control.next({ accessTokenSeconds: 60 })
    const tabs = await openTabs('Apiture', 3)
    await setClock(tabs[0], 120)
    apiture().control.always({ refresh: { error: 'invalid_grant' } })
    const answers = await Promise.all(tabs.map((tab) => askForToken(tab, 'apiture', 5)))
    expect(sumUp(answers)).toMatchObject({ answered: 0 })
    expect(new Set(sumUp(answers).errors)).toEqual(new Set(['reauthorization_required']))
    await Promise.all(tabs.map((tab) => waitForStatus(tab, 'Apiture', 'Connect again to go on')))
    expect(refreshes('apiture')).toBe(1)
  })
})

describe('a refresh whose answer is lost', () => {
  it('is repeated by nobody who waited for it, and once by the next demand half a minute later', async () => {
    // This server lets a refresh token be used again.
    apiture().control.always({ rotate: false })
    apiture().control.next({ accessTokenSeconds: 60 })
    const tabs = await openTabs('Apiture', 3)
    await setClock(tabs[0], 120)
    apiture().control.next({ refresh: 'broken-reply' })
    const refreshing = await holdRefreshes(tabs[0])
    const asked = Promise.all(tabs.map((tab) => askForToken(tab, 'apiture', 5)))
    await refreshing.waitForTabs(3)
    await refreshing.release()
    const waited = await asked
    expect(sumUp(waited)).toMatchObject({
      answered: 0,
      errors: Array.from({ length: 15 }, () => 'network_error'),
    })
    expect(refreshes('apiture')).toBe(1)
    await setClock(tabs[0], 151)
    const again = await Promise.all(tabs.map((tab) => askForToken(tab, 'apiture', 5)))
    expect(sumUp(again)).toEqual({ answered: 15, different: 1, errors: [] })
    expect(refreshes('apiture')).toBe(2)
  })

  it('ends in "connect again" where the server has replaced the refresh token', async () => {
    apiture().control.next({ accessTokenSeconds: 60 })
    const [page] = await openTabs('Apiture', 1)
    await setClock(page, 120)
    apiture().control.next({ refresh: 'broken-reply' })
    expect(await askForToken(page, 'apiture')).toMatchObject({ errors: ['network_error'] })
    await setClock(page, 151)
    expect(await askForToken(page, 'apiture')).toMatchObject({ errors: ['reauthorization_required'] })
    await waitForStatus(page, 'Apiture', 'Connect again to go on')
  })
})

describe('a bank that changes its signing key', () => {
  it('ends no connection, not even while its keys are out of reach', async () => {
    apiture().control.always({ accessTokenSeconds: 45 })
    const [page] = await openTabs('Apiture', 1)
    await apiture().control.act('rotateKeys')
    await setClock(page, 41)
    expect(await askForToken(page, 'apiture')).toMatchObject({ answered: 1 })
    await apiture().control.act('rotateKeys')
    apiture().control.next({ jwks: { status: 503 } })
    await setClock(page, 100)
    expect(await askForToken(page, 'apiture')).toMatchObject({ errors: ['network_error'] })
    await waitForStatus(page, 'Apiture', 'Connected')
    await setClock(page, 120)
    expect(await askForToken(page, 'apiture')).toMatchObject({ answered: 1 })
  })
})

describe('a token that is bound to the key of the browser', () => {
  it('is useless to a thief', async () => {
    const page = await bench.open()
    await connect(page, 'Apiture')
    expect(await askResource(page, 'apiture', 'accounts')).toEqual([200])
    const url = `${apiture().origin}/banking/accounts`
    const request = apiture().requests.find('/banking/accounts').at(-1)
    const stolen = (request?.headers.authorization ?? '').replace('DPoP ', '')
    expect(stolen).toHaveLength(43)
    const answers = await Promise.all(
      [`Bearer ${stolen}`, `DPoP ${stolen}`].map((authorization) =>
        fetch(url, { headers: { authorization, dpop: String(request?.headers['dpop']) } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
  })

  it('is got and used with the nonce that the server asks for', async () => {
    apiture().control.always({ dpopNonce: true })
    const page = await bench.open()
    await connect(page, 'Apiture')
    expect(await askResource(page, 'apiture', 'accounts')).toEqual([200])
  })

  it('is there again after a reload, without a request', async () => {
    const page = await bench.open()
    await connect(page, 'Apiture')
    await page.reload()
    await waitForStatus(page, 'Apiture', 'Connected')
    expect(await askForToken(page, 'apiture')).toMatchObject({ answered: 1 })
    expect(apiture().requests.count(/\/token$/)).toBe(1)
  })
})

describe('a clock that is wrong', () => {
  it.each([-290, 290])('by %i seconds connects, and refreshes nothing ahead of need', async (seconds) => {
    const page = await bench.open()
    await setClock(page, seconds)
    await connect(page, 'Apiture')
    expect(await askResource(page, 'apiture', 'accounts')).toEqual([200])
    expect(refreshes('apiture')).toBe(0)
  })

  it('that jumps back while the person is at the bank does not lose the connection', async () => {
    const page = await bench.open()
    await setClock(page, 290)
    await connectButton(page, 'Apiture').click()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await setClock(page, 0)
    await page.getByRole('button', { name: 'Approve' }).click()
    await waitForStatus(page, 'Apiture', 'Connected')
  })

  it('that jumps back lets an expired token be replaced all the same', async () => {
    const page = await bench.open()
    await connect(page, 'Apiture')
    await connect(page, 'Stitch')
    await setClock(page, -290)
    await apiture().control.act('expireAccessTokens')
    expect(await askResource(page, 'apiture', 'accounts')).toEqual([200])
    await setClock(page, -24 * 3600)
    await stitch().control.act('expireAccessTokens')
    expect(await askResource(page, 'stitch', '/graphql', listAccounts)).toEqual([200])
    expect([refreshes('apiture'), refreshes('stitch')]).toEqual([1, 1])
  })
})
