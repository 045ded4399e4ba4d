import { afterEach, expect, test } from 'vitest'
import { startBanks } from '../../../demo/banks/index.js'
import { createVisitor } from './visitor.js'

const options = { appOrigin: 'http://localhost:5173', stitch: { jwks: { keys: [] } } }
let close: (() => Promise<void>) | undefined

afterEach(async () => {
  await close?.()
})

const start = async (more: Partial<Parameters<typeof startBanks>[0]> = {}) => {
  const banks = await startBanks({ ...options, ...more })
  close = banks.close
  return banks
}

test('opens every bank on a port of its own, and closes them all', async () => {
  const { apiture, stitch, close } = await start()
  expect(new Set([apiture.origin, stitch.origin]).size).toBe(2)
  await close()
  for (const { origin } of [apiture, stitch]) await expect(fetch(origin)).rejects.toThrow('fetch failed')
})

test('sends people back to the callback path of each bank', async () => {
  const { stitch } = await start()
  stitch.control.next({ automatic: true, outcome: 'cancel' })
  const url = new URL(`${stitch.origin}/connect/authorize`)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: stitch.clientId,
    redirect_uri: 'http://localhost:5173/callback/stitch',
    scope: 'openid',
    state: 's',
    nonce: 'n',
    code_challenge: 'c'.repeat(43),
    code_challenge_method: 'S256',
  }).toString()
  const stop = await createVisitor(stitch.origin).open(url)
  expect(stop.url.href).toBe('http://localhost:5173/callback/stitch?state=s')
})

test('names the bank’s own option when a port is taken, and closes the banks that were open', async () => {
  const { apiture, stitch, close } = await start()
  const [taken, free] = [apiture, stitch].map(({ origin }) => Number(new URL(origin).port))
  await stitch.close()
  const ports = { apiture: free ?? 0, stitch: taken ?? 0 }
  await expect(startBanks({ ...options, ports })).rejects.toThrow('ports.stitch')
  await expect(fetch(stitch.origin)).rejects.toThrow('fetch failed')
  await expect(startBanks({ ...options, ports: { apiture: taken ?? 0 } })).rejects.toThrow('ports.apiture')
  await close()
})

test('keeps the cookies of two banks on one host apart', async () => {
  const { apiture, stitch } = await start()
  const names = async (url: string) =>
    (await fetch(url, { redirect: 'manual' })).headers.getSetCookie().map((line) => line.split(/[_=]/)[0])
  const query = (bank: string, clientId: string) =>
    new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: `http://localhost:5173/callback/${bank}`,
      scope: 'openid',
      state: 's',
      nonce: 'n',
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
    }).toString()
  const first = await names(`${apiture.origin}/oidc/authorize?${query('apiture', apiture.clientId)}`)
  const second = await names(`${stitch.origin}/connect/authorize?${query('stitch', stitch.clientId)}`)
  expect(new Set(first)).toEqual(new Set(['apiture']))
  expect(new Set(second)).toEqual(new Set(['stitch']))
})
