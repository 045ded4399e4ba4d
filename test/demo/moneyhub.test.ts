import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startMoneyhub } from '../../demo/banks/moneyhub.js'
import { createMoneyhubKey, moneyhubSettings } from '../../demo/moneyhub.js'

const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
const keyFile = join(folder, 'key.pem')

let bank: Awaited<ReturnType<typeof startMoneyhub>>
let privateKey: CryptoKey

beforeAll(async () => {
  const key = await createMoneyhubKey()
  privateKey = key.privateKey
  bank = await startMoneyhub({
    redirectUris: ['http://localhost:4300/callback/moneyhub'],
    jwks: { keys: [key.jwk] },
  })
  writeFileSync(keyFile, 'the PEM file')
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await bank.close()
})

const clientId = { COUNTERSIGN_MONEYHUB_CLIENT_ID: 'real-client' }

describe('the demo against Moneyhub', () => {
  test('uses the embedded one, and a key that no script can read, where the environment names none', () => {
    expect(moneyhubSettings({}, bank, privateKey)).toEqual({
      clientId: bank.clientId,
      issuer: bank.issuer,
      api: `${bank.origin}/v3/`,
      list: 'all',
      privateKey,
      keyId: 'demo-moneyhub',
    })
    expect(privateKey.extractable).toBe(false)
  })

  test('reads a key, and goes to the real Moneyhub’s test banks', () => {
    const environment = {
      ...clientId,
      COUNTERSIGN_MONEYHUB_KEY_FILE: keyFile,
      COUNTERSIGN_MONEYHUB_KEY_ID: 'k1',
      COUNTERSIGN_MONEYHUB_ALGORITHM: 'PS256',
    }
    expect(moneyhubSettings(environment, bank, privateKey)).toEqual({
      clientId: 'real-client',
      issuer: 'https://identity.moneyhub.co.uk/oidc',
      api: 'https://api.moneyhub.co.uk/v3/',
      list: 'test',
      privateKey: 'the PEM file',
      keyId: 'k1',
      algorithm: 'PS256',
    })
  })

  test('reads a secret, and the options', () => {
    const environment = {
      ...clientId,
      COUNTERSIGN_MONEYHUB_CLIENT_SECRET: 'a-secret',
      COUNTERSIGN_MONEYHUB_ISSUER: 'https://identity.example/oidc',
      COUNTERSIGN_MONEYHUB_API: 'https://api.example/v3/',
      COUNTERSIGN_MONEYHUB_LIST: 'api',
      COUNTERSIGN_MONEYHUB_DELIVERY: 'par',
    }
    expect(moneyhubSettings(environment, bank, privateKey)).toEqual({
      clientId: 'real-client',
      issuer: 'https://identity.example/oidc',
      api: 'https://api.example/v3/',
      list: 'api',
      delivery: 'par',
      clientSecret: 'a-secret',
    })
  })

  test('says which variables are missing', () => {
    expect(() => moneyhubSettings(clientId, bank, privateKey)).toThrow(/COUNTERSIGN_MONEYHUB_KEY_FILE/)
  })
})
