import { apiture as apitureBackend } from 'countersign/backend'
import { apiture } from 'countersign/providers'
import { describe, expect, it } from 'vitest'
import { apitureOrigins, apitureSettings } from '../../demo/apiture.js'
import type { Banks } from '../../demo/banks/index.js'

const redirectUri = 'http://localhost:4300/callback/apiture'
const origin = 'http://127.0.0.1:1'
const bank = { clientId: 'demo', issuer: `${origin}/oidc/`, origin } as Banks['apiture']
const variables = (more: Record<string, string> = {}) => ({
  COUNTERSIGN_APITURE_CLIENT_ID: 'real',
  ...more,
})

describe('Apiture in the demo', () => {
  it('is the embedded bank without a client id', () => {
    const settings = apitureSettings({}, bank, false)
    expect(settings).toEqual({
      clientId: 'demo',
      issuer: `${origin}/oidc/`,
      scope: 'openid offline_access banking/read',
      api: `${origin}/banking/`,
      mode: 'browser',
      dpop: false,
    })
    expect(new Set(apitureOrigins(settings))).toEqual(new Set([origin]))
  })

  it('can be mediated in either case', () => {
    const mediated = { COUNTERSIGN_APITURE_MODE: 'mediated' }
    for (const environment of [mediated, variables(mediated)]) {
      const settings = apitureSettings(environment, bank, true)
      expect(apiture(settings)).toMatchObject({ channel: { mode: 'mediated' } })
      expect(settings.dpop ?? false).toBe(false)
    }
  })

  it.each([
    ['cat', 'https://cat-oidc.apiture-comm-preprod.com/oidc/'],
    ['cat2', 'https://cat2-oidc.apiture-comm-preprod.com/oidc/'],
    ['production', 'https://auth.apiture.com/oidc/'],
    ['', 'https://cat-oidc.apiture-comm-preprod.com/oidc/'],
  ])('is the real one in the environment %j', (environment, issuer) => {
    const settings = apitureSettings(variables({ COUNTERSIGN_APITURE_ENVIRONMENT: environment }), bank, false)
    expect(settings).toEqual({
      clientId: 'real',
      issuer,
      scope: 'openid offline_access banking/read',
      api: 'https://api.apiture.com/banking/',
      mode: 'browser',
    })
    const { clientId, scope } = settings
    expect(() => apitureBackend({ clientId, scope, issuer, redirectUri })).not.toThrow()
  })

  it('is the real one at an institution of its own', () => {
    const settings = apitureSettings(
      variables({
        COUNTERSIGN_APITURE_ISSUER: 'https://id.bank.example/oidc/',
        COUNTERSIGN_APITURE_ORIGINS: 'https://tokens.bank.example https://keys.bank.example',
        COUNTERSIGN_APITURE_API: 'https://api.bank.example/banking/',
        COUNTERSIGN_APITURE_SCOPE: 'openid banking/read',
        COUNTERSIGN_APITURE_AUTHORIZATION_ENDPOINT: 'https://id.bank.example/oidc/auth',
      }),
      bank,
      false,
    )
    expect(settings).toMatchObject({
      scope: 'openid banking/read',
      authorizationEndpoint: 'https://id.bank.example/oidc/auth',
    })
    expect(apitureOrigins(settings)).toEqual([
      'https://id.bank.example',
      'https://api.bank.example',
      'https://tokens.bank.example',
      'https://keys.bank.example',
    ])
  })
})
