import { createHmac, randomBytes } from 'node:crypto'
import { basis } from 'countersign/providers'
import { basis as basisBackend } from 'countersign/backend'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { BasisBank } from '../../../demo/banks/basis.js'
import { decodeSecret } from '../../../src/providers/basis/credentials.js'
import { createInitTokenSigner } from '../../../src/providers/basis/init-token.js'
import { settled } from '../../support/until.js'
import { backendOptionsFor, claims, createScene, openBank, otherPlatformId, platformId } from './scene.js'
import type { Setting } from './scene.js'

let bank: BasisBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  vi.useRealTimers()
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

/** The initialization token of a click. */
const initToken = async (setting?: Setting): Promise<string> =>
  (await createScene(bank, setting).leave()).searchParams.get('init_token')!

/** What the backend answers to an authorization whose body differs from a good one. */
async function authorize(change: object, setting?: Setting) {
  const { ask, events } = createScene(bank, setting)
  const response = await ask('https://app.example/connect/basis/authorization', {
    method: 'POST',
    headers: { countersign: '1', 'content-type': 'application/json' },
    body: JSON.stringify({
      state: 's'.repeat(43),
      code_challenge: 'c'.repeat(43),
      redirect_uri: 'https://app.example/callback/basis',
      input: { platform_id: platformId },
      ...change,
    }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, string>, events }
}

describe('the header', () => {
  test('basis 13: signs with HS512 and kid = client_id', async () => {
    expect(decodeProtectedHeader(await initToken())).toEqual({ alg: 'HS512', kid: bank.clientId, typ: 'JWT' })
  })
})

describe('the key', () => {
  test('basis 14: is the base64-decoded secret, not its text', async () => {
    const token = await initToken()
    const key = Buffer.from(bank.clientSecret, 'base64')
    await expect(jwtVerify(token, key, { algorithms: ['HS512'] })).resolves.toMatchObject({
      payload: { client_id: bank.clientId },
    })
    await expect(jwtVerify(token, new TextEncoder().encode(bank.clientSecret))).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    })
  })

  test('basis 14: signs the documented payload as any other HS512 does', async () => {
    const secret = randomBytes(64)
    const sign = await createInitTokenSigner({
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      secret: new Uint8Array(secret),
      seconds: 10_000,
    })
    const documented = {
      platform_id: '4f2cc69b-576d-4eef-8fde-c36f1841b434',
      user_name: 'Garfield',
      company_ein: '123456789',
      company_name: 'Lasagna Enterprises',
      native_user_id: '555123',
      native_company_id: '333456',
    }
    const [header, payload, signature] = (await sign(documented, 1516239022)).split('.')
    expect(signature).toBe(createHmac('sha512', secret).update(`${header!}.${payload!}`).digest('base64url'))
    expect(JSON.parse(Buffer.from(payload!, 'base64url').toString())).toEqual({
      ...documented,
      client_id: '06914d28-f034-4d52-b048-e11024957c11',
      iat: 1516239022,
      exp: 1516249022,
    })
  })

  test.each([
    ['with a line break', (secret: string) => `${secret}\n`],
    ['with a space', (secret: string) => ` ${secret}`],
    ['cut short', (secret: string) => secret.slice(0, 85)],
    ['with too much padding', (secret: string) => `${secret}=`],
    ['in quotes', (secret: string) => `"${secret}"`],
  ])('basis 14: is refused %s, and the message does not hold it', (_what, change) => {
    const clientSecret = change(bank.clientSecret)
    const make = () => basisBackend({ ...backendOptionsFor(bank), clientSecret })
    expect(make).toThrow(TypeError)
    expect(make).toThrow(/base64/)
    expect(make).not.toThrow(new RegExp(bank.clientSecret.slice(0, 10).replace(/\W/g, '.')))
  })

  test('basis 14: is missed when it is empty', () => {
    expect(() => basisBackend({ ...backendOptionsFor(bank), clientSecret: '' })).toThrow(
      /`clientSecret` is missing/,
    )
  })

  test('basis 14: decodes either alphabet, padded or not, as the documentation’s own code does', () => {
    const bytes = Buffer.concat([Buffer.from([0xfb, 0xff, 0xfe]), randomBytes(61)])
    for (const text of [
      bytes.toString('base64'),
      bytes.toString('base64').replace(/=/g, ''),
      bytes.toString('base64url'),
    ])
      expect(Buffer.from(decodeSecret(text, 64))).toEqual(bytes)
  })

  test('basis 14: has the 64 bytes that HS512 asks for, or fewer by name', async () => {
    const clientSecret = randomBytes(32).toString('base64')
    const options = { ...backendOptionsFor(bank), clientSecret }
    expect(() => basisBackend(options)).toThrow(/32 bytes.*64.*minimumSecretBytes/)
    await expect(basisBackend({ ...options, minimumSecretBytes: 32 }).ready).resolves.toBeDefined()
  })
})

describe('the payload', () => {
  test('basis 15, 17, 18, 20, 21, 22: holds session, profile and reconciliation claims, and no others', async () => {
    const payload = decodeJwt(await initToken())
    expect(payload).toEqual({
      exp: expect.any(Number) as number,
      iat: expect.any(Number) as number,
      platform_id: platformId,
      client_id: bank.clientId,
      user_email: 'jane@acme.example',
      user_name: 'Jane Doe',
      company_ein: '881231234',
      company_name: 'Acme Property Holdings, LLC.',
      native_user_id: 'user-999',
      native_company_id: 'company-456',
    })
    expect(Number.isInteger(payload.exp) && Number.isInteger(payload.iat)).toBe(true)
  })

  test('basis 16: names the platform that the person chose', async () => {
    const { searchParams } = await createScene(bank).leave({ platformId: otherPlatformId })
    expect(decodeJwt(searchParams.get('init_token')!)['platform_id']).toBe(otherPlatformId)
  })

  test.each(['', 'larkspur', '4f2cc69b-576d-4eef-8fde-c36f1841b4340', undefined])(
    'basis 16: refuses the platform %s in the page, before anything is sent',
    async (platformId) => {
      const scene = createScene(bank)
      const { client } = scene.open()
      await expect(
        client.authorization('basis', { platformId: platformId! }).authorizeAsync(),
      ).rejects.toThrow(TypeError)
      expect(scene.calls.filter(({ path }) => path.includes('authorization'))).toEqual([])
      const { toInput } = basis({ clientId: 'x', environment: 'development' })
      expect(() => toInput?.({ platformId: platformId! })).toThrow(/GET \/institutions/)
    },
  )

  test.each([
    ['none', {}],
    ['a malformed one', { platform_id: 'larkspur' }],
    ['two', { platform_id: [platformId, otherPlatformId] }],
  ])('basis 16: refuses %s at the backend, whatever the page checks', async (_what, input) => {
    expect(await authorize({ input })).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
  })

  test('basis 16: sends people to the platforms of the list only, in any case of letters', async () => {
    const backend = { platformIds: [platformId.toUpperCase()] }
    expect((await authorize({}, { backend })).status).toBe(201)
    expect((await authorize({ input: { platform_id: otherPlatformId } }, { backend })).status).toBe(400)
    expect(() => basisBackend({ ...backendOptionsFor(bank), platformIds: ['larkspur'] })).toThrow(/UUID/)
  })

  test('basis 17: names the client of the configuration, whatever the session says', async () => {
    const forged = {
      ...claims,
      client_id: 'forged',
      clientId: 'forged',
      exp: 1,
      iat: 1,
      platform_id: 'forged',
    }
    const payload = decodeJwt(await initToken({ claims: forged }))
    expect(payload).toMatchObject({ client_id: bank.clientId, platform_id: platformId })
    expect(JSON.stringify(payload)).not.toContain('forged')
    expect(payload.exp! - payload.iat!).toBe(600)
  })

  test('basis 17: lets no claim stand in for what the backend says itself', async () => {
    const sign = await createInitTokenSigner({ clientId: 'client', secret: new Uint8Array(64), seconds: 60 })
    const payload = decodeJwt(await sign({ client_id: 'forged', iat: 'forged', exp: 'forged' }, 1000))
    expect(payload).toEqual({ client_id: 'client', iat: 1000, exp: 1060 })
  })

  test.each(['user_email', 'user_name', 'company_ein', 'company_name', 'native_user_id', 'client_id', 'exp'])(
    'basis 18, 20, 22: takes no %s from the page',
    async (name) => {
      const { status, body } = await authorize({ input: { platform_id: platformId, [name]: 'forged' } })
      expect([status, body.error]).toEqual([400, 'invalid_request'])
      expect((await authorize({ [name]: 'forged' })).status).toBe(400)
    },
  )

  test.each(['12-3456789', '123456789'])('basis 19: writes the EIN %s as nine digits', async (companyEin) => {
    const payload = decodeJwt(await initToken({ claims: { ...claims, companyEin } }))
    expect(payload['company_ein']).toBe('123456789')
  })

  test.each([
    ['companyEin', '1-23456789'],
    ['companyEin', '12-345678'],
    ['companyEin', '123-45-6789'],
    ['companyEin', 123456789],
    ['userEmail', 'nobody'],
    ['userName', ''],
    ['companyName', ' '],
    ['companyName', 'Two\nlines'],
    ['nativeUserId', 17],
  ])('basis 18, 19, 20, 21: sends nobody away with the %s %j, and says which it was', async (name, value) => {
    const { status, body, events } = await authorize({}, { claims: { ...claims, [name]: value } })
    expect([status, body.error]).toEqual([400, 'invalid_request'])
    expect(body.error_description).toBe(`The session of the app's user has no usable ${name}.`)
    expect(events.at(-1)).toMatchObject({ name: 'refused', reason: `input:${name}` })
  })

  test('basis 20: carries names in any script', async () => {
    const payload = decodeJwt(await initToken({ claims: { ...claims, companyName: 'Zoë & 株式会社' } }))
    expect(payload['company_name']).toBe('Zoë & 株式会社')
  })

  test('basis 21, 23: does without the app’s own keys', async () => {
    const { nativeUserId: _user, nativeCompanyId: _company, ...needed } = claims
    const payload = decodeJwt(await initToken({ claims: needed }))
    expect(payload).not.toHaveProperty('native_user_id')
    expect(payload).not.toHaveProperty('native_company_id')
  })

  test.each(['userEmail', 'userName', 'companyEin', 'companyName'] as const)(
    'basis 23: wants the %s, unless it is told that Basis does not',
    async (name) => {
      const { [name]: _gone, ...others } = claims
      expect((await authorize({}, { claims: others })).status).toBe(400)
      const requiredClaims = (['userEmail', 'userName', 'companyEin', 'companyName'] as const).filter(
        (other) => other !== name,
      )
      expect((await authorize({}, { claims: others, backend: { requiredClaims } })).status).toBe(201)
    },
  )
})

describe('the lifetime', () => {
  test('basis 24: is ten minutes, and the page learns of it', async () => {
    const { body } = await authorize({})
    const { exp, iat } = decodeJwt(new URL(body.authorization_url!).searchParams.get('init_token')!)
    expect(exp! - iat!).toBe(600)
    expect(body.expires_in).toBe(600)
  })

  test('basis 24: is the developer’s choice up to an hour', async () => {
    const hour = decodeJwt(await initToken({ backend: { initTokenSeconds: 3600 } }))
    expect(hour.exp! - hour.iat!).toBe(3600)
    for (const initTokenSeconds of [3601, 10_000, 0, 29, 60.5, NaN])
      expect(() => basisBackend({ ...backendOptionsFor(bank), initTokenSeconds })).toThrow(/initTokenSeconds/)
  })

  test('basis 25: begins at the click: nothing is signed ahead, and nothing is signed twice', async () => {
    const scene = createScene(bank)
    const at = scene.open()
    const { prepareAsync: prepare } = at.client.authorization('basis', { platformId })
    await prepare()
    const begun = () => scene.calls.filter(({ path }) => path === '/basis/authorization').length
    expect(begun()).toBe(0)
    const first = await scene.leave({}, at)
    expect(begun()).toBe(1)
    const later = createScene(bank, { secondsLater: () => 5 })
    const second = await later.leave()
    const issued = [first, second].map(({ searchParams }) => decodeJwt(searchParams.get('init_token')!).iat!)
    expect(issued[1]! - issued[0]!).toBeGreaterThanOrEqual(5)
    expect(basis({ clientId: 'x', environment: 'development' }).preparesRemotely ?? false).toBe(false)
  })

  test('basis 25: begins anew at the next click of the same button', async () => {
    let later = 0
    const scene = createScene(bank, { secondsLater: () => later })
    const at = scene.open()
    const first = await scene.leave({}, at)
    at.page.show()
    await settled()
    later = 30
    const second = await scene.leave({}, at)
    expect(second.searchParams.get('init_token')).not.toBe(first.searchParams.get('init_token'))
    expect(second.searchParams.get('state')).not.toBe(first.searchParams.get('state'))
  })
})
