import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startBasis, type BasisBank } from '../../demo/banks/basis.js'
import { basisClaims, basisSettings } from '../../demo/basis.js'
import { users } from '../../demo/users.js'

let bank: BasisBank

beforeAll(async () => {
  bank = await startBasis({ redirectUris: ['http://localhost:5173/callback/basis'] })
})
afterAll(() => bank.close())

const credentials = {
  COUNTERSIGN_BASIS_CLIENT_ID: 'real-client',
  COUNTERSIGN_BASIS_CLIENT_SECRET: 'cmVhbC1zZWNyZXQ=',
  COUNTERSIGN_BASIS_TOKEN_ENDPOINT: 'https://api.sandbox.usebasis.co/oauth/token',
  COUNTERSIGN_BASIS_API: 'https://api.sandbox.usebasis.co',
}

describe('the settings', () => {
  test('are the embedded bank’s without credentials', () => {
    expect(basisSettings({}, bank)).toMatchObject({
      clientId: bank.clientId,
      clientSecret: bank.clientSecret,
      authorizationEndpoint: `${bank.origin}/oauth`,
    })
  })

  test('are the real Basis’s with credentials', () => {
    expect(basisSettings(credentials, bank)).toEqual({
      clientId: 'real-client',
      clientSecret: 'cmVhbC1zZWNyZXQ=',
      authorizationEndpoint: 'https://connect.development.usebasis.co/oauth',
      tokenEndpoint: 'https://api.sandbox.usebasis.co/oauth/token',
      api: 'https://api.sandbox.usebasis.co/',
      initTokenParam: 'init_token',
      claims: {},
    })
  })

  test('name what is missing', () => {
    const { COUNTERSIGN_BASIS_API: _api, ...some } = credentials
    expect(() => basisSettings(some, bank)).toThrow(/COUNTERSIGN_BASIS_API/)
  })

  test('may name the parameter, a shorter secret, and the person', () => {
    const settings = basisSettings(
      {
        ...credentials,
        COUNTERSIGN_BASIS_INIT_TOKEN_PARAM: 'token',
        COUNTERSIGN_BASIS_MINIMUM_SECRET_BYTES: '11',
        COUNTERSIGN_BASIS_COMPANY_EIN: '987654321',
      },
      bank,
    )
    expect(settings).toMatchObject({ initTokenParam: 'token', minimumSecretBytes: 11 })
    const [robin] = users
    expect(basisClaims(robin, settings)).toEqual({ ...robin.business, companyEin: '987654321' })
  })
})
