import { fdx } from 'countersign/backend'
import { expect, test, vi } from 'vitest'

const options = {
  clientId: 'c9f1b2d07a6e4f53',
  redirectUri: 'https://app.example/callback/fdx',
  issuer: 'https://bank.example',
  api: 'https://bank.example/fdx/',
  scope: 'ACCOUNT_BASIC',
  consents: {},
}

test.each([
  ['the platform’s own fetch', () => fetch],
  ['nothing', () => undefined],
])('%s is refused where a client certificate must be presented, with what presents it', (_what, given) => {
  const make = () => fdx({ ...options, fetch: given() as typeof fetch })
  expect(make).toThrow('Give `fetch: mtlsFetch({ cert, key })` of countersign/backend/node.')
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' })
  expect(make).toThrow('add it to `mtls_certificates` in wrangler.jsonc')
})

test('the platform’s own fetch is taken where the app says that it presents the certificate, as the error tells', () => {
  expect(() => fdx({ ...options, fetch })).toThrow(
    'If yours does, by the global dispatcher of undici or an egress proxy, give `fetch: (url, init) => fetch(url, init)`.',
  )
  // What comes next in the options.
  expect(() => fdx({ ...options, fetch: (url, init) => fetch(url, init) })).toThrow('fdx needs `consents`')
})
