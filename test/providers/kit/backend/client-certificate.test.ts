import { moneyhub, oidc } from 'countersign/backend'
import { describe, expect, test, vi } from 'vitest'

const clientId = '06914d28-f034-4d52-b048-e11024957c11'
const redirectUri = 'https://app.example/callback/bank'
const authentication = 'tls_client_auth'

// fdx has a test of its own: test/providers/fdx/certificate.test.ts.
const providers: Readonly<Record<string, (options: object) => unknown>> = {
  moneyhub: (options) => moneyhub({ clientId, redirectUri, authentication, ...options } as never),
  oidc: (options) =>
    oidc({
      ...{ clientId, redirectUri, authentication },
      ...{ issuer: 'https://as.example', scope: 'openid' },
      ...options,
    } as never),
}

describe.each(Object.entries(providers))('%s', (_name, make) => {
  test('says at the start what presents the client certificate in this runtime', () => {
    for (const given of [{}, { fetch: undefined }, { fetch }]) {
      expect(() => make(given)).toThrow('Give `fetch: mtlsFetch({ cert, key })` of countersign/backend/node.')
      vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
      expect(() => make(given)).toThrow('add it to `mtls_certificates` in wrangler.jsonc')
      vi.unstubAllGlobals()
    }
  })

  test('takes any other that the app says presents it', () => {
    expect(() => make({ fetch: () => Promise.reject(new Error('unused')) })).not.toThrow()
  })
})

test.each([{ clientSecret: 'x' }, { privateKey: 'x', keyId: 'k' }])(
  'oidc refuses a second authentication beside the certificate: %j',
  (second) => {
    const fetch = () => Promise.reject(new Error('unused'))
    expect(() => providers['oidc']?.({ fetch, ...second })).toThrow(
      'leave `clientSecret` and `privateKey` out',
    )
  },
)
