import { stitch } from 'countersign/backend'
import { exportPKCS8, generateKeyPair } from 'jose'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Banks } from '../../demo/banks/index.js'
import { stitchSettings } from '../../demo/stitch.js'

const redirectUri = 'http://localhost:4300/callback/stitch'
const bank = {
  clientId: 'test-1',
  issuer: 'http://127.0.0.1:1',
  origin: 'http://127.0.0.1:1',
} as Banks['stitch']

let assertionKey: CryptoKey
const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
const keyFile = join(folder, 'stitch.pem')

beforeAll(async () => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  assertionKey = privateKey
  writeFileSync(keyFile, await exportPKCS8(privateKey))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

const variables = (more: Record<string, string>) => ({ COUNTERSIGN_STITCH_CLIENT_ID: 'test-real', ...more })

describe('Stitch in the demo', () => {
  it('is the embedded bank without a client id', async () => {
    const { page, backend } = stitchSettings({}, bank, assertionKey)
    expect(page).toEqual({
      clientId: 'test-1',
      scope: 'openid accounts balances transactions accountholders offline_access',
      authorizationEndpoint: 'http://127.0.0.1:1/connect/authorize',
      api: 'http://127.0.0.1:1/',
    })
    expect(backend(redirectUri)).toMatchObject({ ...page, redirectUri, privateKey: assertionKey })
    await stitch(backend(redirectUri)).ready
  })

  it('is the real one with a client that has a key', async () => {
    const key = { COUNTERSIGN_STITCH_KEY_FILE: keyFile, COUNTERSIGN_STITCH_KEY_ID: '4f2b' }
    const { page, backend } = stitchSettings(variables(key), bank, assertionKey)
    expect(page).toEqual({
      clientId: 'test-real',
      scope: 'openid accounts balances transactions accountholders offline_access',
      authorizationEndpoint: 'https://secure.stitch.money/connect/authorize',
      api: 'https://api.stitch.money/',
    })
    expect(JSON.stringify(page)).not.toContain('PRIVATE KEY')
    expect(backend(redirectUri)).toMatchObject({ keyId: '4f2b', idToken: 'unverified', redirectUri })
    await stitch(backend(redirectUri)).ready
  })

  it('is the real one with a client that has a secret, and an issuer that is known', () => {
    const { backend } = stitchSettings(
      variables({
        COUNTERSIGN_STITCH_CLIENT_SECRET: 'not a real one',
        COUNTERSIGN_STITCH_ISSUER: 'https://secure.stitch.money',
        COUNTERSIGN_STITCH_JWKS_URI: 'https://secure.stitch.money/jwks',
        COUNTERSIGN_STITCH_SCOPE: 'openid accounts',
      }),
      bank,
      assertionKey,
    )
    expect(backend(redirectUri)).toMatchObject({
      clientSecret: 'not a real one',
      issuer: 'https://secure.stitch.money',
      jwksUri: 'https://secure.stitch.money/jwks',
      scope: 'openid accounts',
    })
    expect(() => stitch(backend(redirectUri))).not.toThrow()
  })

  it.each([{}, { COUNTERSIGN_STITCH_KEY_ID: 'x' }, { COUNTERSIGN_STITCH_KEY_FILE: import.meta.filename }])(
    'says which variables are missing beside %j',
    (more) => {
      expect(() => stitchSettings(variables(more as Record<string, string>), bank, assertionKey)).toThrow(
        /COUNTERSIGN_STITCH_CLIENT_SECRET/,
      )
    },
  )
})
