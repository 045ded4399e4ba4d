import { calculateJwkThumbprint, decodeJwt, decodeProtectedHeader, type JWK } from 'jose'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { LoggedRequest } from '../../demo/banks/requests.js'
import {
  card,
  connect,
  disconnect,
  goToConsent,
  readDatabase,
  useBench,
  waitForStatus,
} from './support/bench.js'

const bench = useBench({ oneProcess: true })

const bank = () => bench.demo.banks.openid
const openid = (page: Page) => card(page, 'OpenID')
const tokenRequests = () => bank().requests.find('/token')

/** The thumbprint of the key that made a request's proof. */
async function thumbprintOf({ headers }: LoggedRequest): Promise<string> {
  return calculateJwkThumbprint(decodeProtectedHeader(String(headers['dpop'])).jwk as JWK)
}

const nonceOf = (request?: LoggedRequest) => decodeJwt(String(request?.headers['dpop']))['nonce']

describe('OpenID, in browser mode with DPoP and PAR', () => {
  it('connects and shows the accounts', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await openid(page).getByText('Daily Money').waitFor()
    expect(page.url()).toBe(`${bench.demo.origin}/`)
  })

  it('pushes the request, and sends the person with its reference alone', async () => {
    const page = await bench.open()
    await goToConsent(page, 'OpenID')
    const [pushed] = bank().requests.find('/par')
    expect(pushed?.parameters).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' })
    const [visit] = bank().requests.find('/authorize')
    expect(Object.keys(visit?.parameters ?? {}).sort()).toEqual(['client_id', 'request_uri'])
  })

  it('proves one key at every endpoint, and binds the code to it', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await openid(page).getByText('Daily Money').waitFor()
    const [pushed] = bank().requests.find('/par')
    const requests = ['/par', '/token', '/accounts'].map((path) => bank().requests.find(path)[0])
    const thumbprints = await Promise.all(requests.map((request) => thumbprintOf(request as LoggedRequest)))
    expect(new Set(thumbprints)).toEqual(new Set([pushed?.parameters['dpop_jkt']]))
    expect(requests[2]?.authorizationScheme).toBe('DPoP')
  })

  it('ends in Denied when the person denies', async () => {
    const page = await bench.open()
    await goToConsent(page, 'OpenID')
    await page.getByRole('button', { name: 'Deny' }).click()
    await waitForStatus(page, 'OpenID', 'Denied')
    expect(tokenRequests()).toEqual([])
  })

  it('shows what the person does not share', async () => {
    const page = await bench.open()
    await goToConsent(page, 'OpenID')
    await page.locator('input[value="offline_access"]').uncheck()
    await page.getByRole('button', { name: 'Approve' }).click()
    await openid(page).getByText('Not shared: access while you are away').waitFor()
  })
})

describe('the connection', () => {
  it('survives a reload and another tab without a token request', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await openid(page).getByText('Daily Money').waitFor()
    await page.reload()
    await openid(page).getByText('Daily Money').waitFor()
    await waitForStatus(page, 'OpenID', 'Connected')
    const beside = await page.context().newPage()
    await beside.goto(bench.demo.origin)
    await openid(beside).getByText('Daily Money').waitFor()
    expect(tokenRequests()).toHaveLength(1)
  })

  it('is refreshed with the same key after the browser was closed for an hour', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await openid(page).getByText('Daily Money').waitFor()
    await bank().control.act('expireAccessTokens')
    await page.reload()
    await openid(page).getByText('Daily Money').waitFor()
    const [first, second] = tokenRequests()
    expect(second?.grantType).toBe('refresh_token')
    expect(await thumbprintOf(second as LoggedRequest)).toBe(await thumbprintOf(first as LoggedRequest))
  })

  it('is revoked and forgotten, tokens included, when the person disconnects', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await openid(page).getByText('Daily Money').waitFor()
    await disconnect(page, 'OpenID')
    await waitForStatus(page, 'OpenID', 'Not connected')
    await expect.poll(() => bank().requests.count('/revoke')).toBeGreaterThan(0)
    const keys = Object.keys(await readDatabase(page))
    expect(keys.filter((key) => key.startsWith('tokens:'))).toEqual([])
  })
})

describe('a stolen token', () => {
  it('is refused without its proof', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    await openid(page).getByText('Under the hood').click()
    await openid(page).getByRole('button', { name: 'Send the token without its key' }).click()
    await openid(page).getByText('The bank answered 401').waitFor()
  })

  it('comes without its key: no script can read that', async () => {
    const page = await bench.open()
    await connect(page, 'OpenID')
    const told = await page.evaluate(
      () =>
        new Promise<string>((resolve, reject) => {
          const open = indexedDB.open('countersign')
          open.onsuccess = () => {
            const get = open.result.transaction('records').objectStore('records').get('dpop:openid')
            get.onerror = reject
            get.onsuccess = () => {
              const { privateKey } = get.result as CryptoKeyPair
              crypto.subtle.exportKey('jwk', privateKey).then(
                () => {
                  resolve('exported')
                },
                (error: unknown) => {
                  resolve(`${privateKey.type} ${String(privateKey.extractable)} ${(error as Error).name}`)
                },
              )
            }
          }
        }),
    )
    expect(told).toBe('private false InvalidAccessError')
  })
})

describe('a server that wants its nonce in the proofs', () => {
  it('gets it at once, at every endpoint', async () => {
    const page = await bench.open()
    bank().control.always({ dpopNonce: true })
    await connect(page, 'OpenID')
    await openid(page).getByText('Daily Money').waitFor()
    for (const path of ['/par', '/token', '/accounts']) {
      const statuses = bank()
        .requests.find(path)
        .map(({ status = 0 }) => status)
      const refused = statuses.filter((status) => status >= 400)
      expect(statuses[0]).toBeGreaterThanOrEqual(400)
      expect(statuses.length - refused.length).toBeGreaterThanOrEqual(refused.length)
    }
    expect(nonceOf(bank().requests.find('/token')[0])).toBeUndefined()
    expect(nonceOf(bank().requests.find('/token')[1])).toBeDefined()
  })
})
