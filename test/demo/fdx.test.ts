import { fdx } from 'countersign/backend'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClientCertificate, type ClientCertificate } from '../../demo/banks/certificates.js'
import { startFdx, type FdxBank } from '../../demo/banks/fdx.js'
import { fdxSettings } from '../../demo/fdx.js'

const redirectUri = 'http://localhost:4300/callback/fdx'
const folder = mkdtempSync(join(tmpdir(), 'countersign-'))

let certificate: ClientCertificate
let bank: FdxBank

beforeAll(async () => {
  certificate = await createClientCertificate('demo')
  bank = await startFdx({ redirectUris: [redirectUri], jwks: certificate.jwks })
  const { cert, key } = certificate
  for (const [name, pem] of Object.entries({ cert, key, ca: bank.ca })) writeFileSync(join(folder, name), pem)
})
afterAll(async () => {
  rmSync(folder, { recursive: true })
  await bank.close()
})

const variables = () => ({
  COUNTERSIGN_FDX_CLIENT_ID: bank.clientId,
  COUNTERSIGN_FDX_ISSUER: bank.issuer,
  COUNTERSIGN_FDX_API: bank.api,
  COUNTERSIGN_FDX_CERT_FILE: join(folder, 'cert'),
  COUNTERSIGN_FDX_KEY_FILE: join(folder, 'key'),
  COUNTERSIGN_FDX_CA_FILE: join(folder, 'ca'),
})

/** Pushes a request, as the backend does it. */
async function push(settings: ReturnType<typeof fdxSettings>): Promise<string> {
  const provider = fdx({ ...settings, redirectUri })
  const setup = {
    session: { subject: 'robin', claims: {} },
    state: 's'.repeat(43),
    codeChallenge: 'c'.repeat(43),
    nonce: undefined,
    redirectUri,
    scope: settings.scope,
    input: { consent_request: 'once' },
    connection: undefined,
  }
  const { url } = await provider.authorize(setup, {
    fetch: settings.fetch,
    now: () => Date.now() / 1000,
  } as Parameters<typeof provider.authorize>[1])
  return url
}

describe('the demo against an FDX data provider', () => {
  it('uses the embedded one, and the certificate made for it, where the environment names none', async () => {
    const settings = fdxSettings({}, bank, certificate)
    expect(settings).toMatchObject({ clientId: bank.clientId, issuer: bank.issuer, api: bank.api })
    expect(await push(settings)).toContain('request_uri=')
  })

  it('reads client, addresses and certificate from the environment', async () => {
    const nobody = await createClientCertificate('nobody')
    const settings = fdxSettings(variables(), { ...bank, clientId: 'embedded' }, nobody)
    expect(settings.clientId).toBe(bank.clientId)
    expect(settings).toMatchObject({ scopeOnUrl: false, fapi: false })
    expect(await push(settings)).toContain('request_uri=')
  })

  it('reads the options', () => {
    const settings = fdxSettings(
      {
        ...variables(),
        COUNTERSIGN_FDX_SCOPE: 'READ_CONSENTS',
        COUNTERSIGN_FDX_SCOPE_ON_URL: 'true',
        COUNTERSIGN_FDX_FAPI: 'true',
        COUNTERSIGN_FDX_CLIENT_SCOPE: 'UPDATE_CONSENTS',
        COUNTERSIGN_FDX_ORIGINS: 'https://a.example https://b.example',
        COUNTERSIGN_FDX_AUTHORIZATION_ENDPOINT: 'https://a.example/authorize',
      },
      bank,
      certificate,
    )
    expect(settings).toMatchObject({
      scope: 'READ_CONSENTS',
      scopeOnUrl: true,
      fapi: true,
      clientScope: 'UPDATE_CONSENTS',
      origins: ['https://a.example', 'https://b.example'],
      authorizationEndpoint: 'https://a.example/authorize',
    })
  })

  it('says which variables are missing', () => {
    const { COUNTERSIGN_FDX_CLIENT_ID } = variables()
    expect(() => fdxSettings({ COUNTERSIGN_FDX_CLIENT_ID }, bank, certificate)).toThrow(
      /COUNTERSIGN_FDX_CERT_FILE is missing[\s\S]*COUNTERSIGN_FDX_KEY_FILE is missing/,
    )
  })
})
