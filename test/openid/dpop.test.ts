// The modules of FAPI 2.0 that are about DPoP, as tests of our own under their names: a page with `dpop: true`, at a real oidc-provider.
import { oidc } from 'countersign/providers'
import { decodeJwt } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startStandard } from '../../demo/banks/standard.js'
import { callbackOf, createScene, type SceneOptions } from '../providers/scene.js'

let bank: Awaited<ReturnType<typeof startStandard>>

beforeAll(async () => {
  bank = await startStandard({ redirectUris: [callbackOf('openid')] })
})
afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
})
afterAll(() => bank.close())

/** A page that has connected. */
async function connect(intercept: SceneOptions<never>['intercept'] = () => undefined) {
  const { clientId, issuer, origin } = bank
  const provider = oidc({ clientId, issuer, scope: 'openid accounts', api: `${origin}/`, dpop: true })
  return (await createScene({ name: 'openid', bank, provider, intercept }).connect()).tokens
}

/** The bank's answers without the nonce that it offers for later. */
const withoutNonces: SceneOptions<never>['intercept'] = async (url, init) => {
  const headers = new Headers(init.headers)
  headers.set('origin', new URL(callbackOf('openid')).origin)
  const response = await fetch(url, { ...init, headers })
  const left = new Headers(response.headers)
  left.delete('dpop-nonce')
  return new Response(await response.text(), { status: response.status, headers: left })
}

/** The nonces in the proofs of the requests to a path. */
const noncesOf = (path: string) =>
  bank.requests.find(path).map(({ headers }) => decodeJwt(String(headers['dpop']))['nonce'])

describe('fapi2-security-profile-final-client-test', () => {
  test('-happy-path-no-dpop-nonce', async () => {
    const { fetch } = await connect(withoutNonces)
    expect((await fetch('accounts')).status).toBe(200)
    for (const path of ['/par', '/token', '/accounts']) expect(noncesOf(path)).toEqual([undefined])
  })

  test.each(['DPoP', 'dpop', 'dPoP'])('-rs-dpop-auth-scheme-case-insensitivity: %s', async (scheme) => {
    const { fetch } = await connect()
    bank.control.next({
      api: {
        status: 401,
        error: 'use_dpop_nonce',
        headers: {
          'www-authenticate': `${scheme} error="use_dpop_nonce", algs="ES256"`,
          'dpop-nonce': 'nonce-1',
          'access-control-expose-headers': 'DPoP-Nonce, WWW-Authenticate',
        },
      },
    })
    expect((await fetch('accounts')).status).toBe(200)
    const [refused, accepted, ...more] = noncesOf('/accounts')
    expect(refused).not.toBe('nonce-1')
    expect([accepted, more]).toEqual(['nonce-1', []])
  })
})
