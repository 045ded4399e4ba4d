import { oidc } from 'countersign/providers'
import { describe, expect, it } from 'vitest'
import type { Banks } from '../../demo/banks/index.js'
import { openidOrigins, openidSettings } from '../../demo/openid.js'

const origin = 'http://127.0.0.1:1'
const bank = { clientId: 'demo', issuer: origin, origin } as Banks['openid']
const needed = {
  COUNTERSIGN_OPENID_CLIENT_ID: 'real',
  COUNTERSIGN_OPENID_ISSUER: 'https://as.example',
  COUNTERSIGN_OPENID_SCOPE: 'openid',
  COUNTERSIGN_OPENID_API: 'https://api.as.example/',
}

describe('OpenID in the demo', () => {
  it('is the embedded bank without a client id, with bound tokens and pushed requests', () => {
    const settings = openidSettings({}, bank)
    expect(settings).toMatchObject({ clientId: 'demo', issuer: origin, dpop: true, par: true })
    expect(oidc(settings).channel).toMatchObject({ mode: 'browser', keepsTokens: true })
  })

  it('is another server with its variables', () => {
    expect(openidSettings(needed, bank)).toEqual({
      label: 'OpenID',
      clientId: 'real',
      issuer: 'https://as.example',
      scope: 'openid',
      api: 'https://api.as.example/',
      dpop: false,
      par: false,
    })
    const more = {
      ...needed,
      COUNTERSIGN_OPENID_DPOP: 'true',
      COUNTERSIGN_OPENID_PAR: 'true',
      COUNTERSIGN_OPENID_ORIGINS: 'https://tokens.as.example',
    }
    const settings = openidSettings(more, bank)
    expect(settings).toMatchObject({ dpop: true, par: true, origins: ['https://tokens.as.example'] })
    expect(openidOrigins(settings)).toEqual([
      'https://as.example',
      'https://api.as.example',
      'https://tokens.as.example',
    ])
  })

  it('says which variables are missing', () => {
    expect(() => openidSettings({ COUNTERSIGN_OPENID_CLIENT_ID: 'real' }, bank)).toThrow(
      /COUNTERSIGN_OPENID_ISSUER is missing[\s\S]*OPENID_SCOPE is missing[\s\S]*OPENID_API is missing/,
    )
  })
})
