// The relying party modules of FAPI 2.0 (fapi2-security-profile-final-client-test-…) that are about what comes back, as tests of our
// own under their names. They are run on the code that page and backend share, with the algorithms of the profile, as FDX with
// `fapi: true` has it. Those about the way out are in test/providers/fdx, over mutual TLS.
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import type { Grant } from '../../src/protocol/token-endpoint.js'
import { redeemCode } from '../support/redeem-code.js'
import { fapiAlgorithms } from '../../src/providers/fdx/fapi.js'
import { openScenes } from '../protocol/support/scene.js'
import type { AuthorizationServer } from '../support/authorization-server.js'
import { refusalOf } from '../support/refusal.js'

const scene = openScenes()

type Change = (server: AuthorizationServer) => void | Promise<void>

async function redeem(change: Change, response: Partial<Grant> = {}) {
  const { server, endpoint, grant } = await scene()
  await change(server)
  const redeemed = redeemCode({ ...endpoint, idTokenAlgorithms: fapiAlgorithms }, { ...grant, ...response })
  return { server, redeemed }
}

const claims =
  (changes: Record<string, unknown>): Change =>
  ({ hostile }) => {
    hostile.claims = (good) => ({ ...good, ...changes })
  }

const body =
  (changes: Record<string, unknown>): Change =>
  ({ hostile }) => {
    hostile.tokens = (good) => ({ ...good, ...changes })
  }

const unsigned: Change = ({ hostile }) => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  hostile.idToken = (good) => `${encode({ alg: 'none' })}.${encode(good)}.`
}

const signedByRs256: Change = async ({ hostile }) => {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), alg: 'RS256', use: 'sig', kid: 'key-2' }
  hostile.jwks = () => HttpResponse.json({ keys: [jwk] })
  hostile.idToken = (good) =>
    new SignJWT(good).setProtectedHeader({ alg: 'RS256', kid: 'key-2' }).sign(privateKey)
}

const seconds = () => Math.floor(Date.now() / 1000)

describe('fapi2-security-profile-final-client-test', () => {
  test.each<[module: string, change: Change]>([
    ['happy-path', () => undefined],
    ['valid-aud-as-array', claims({ aud: ['client-1'] })],
    ['token-endpoint-response-without-expires_in', body({ expires_in: undefined })],
    ['token-type-case-insensitivity', body({ token_type: 'bEaReR' })],
  ])('-%s', async (_module, change) => {
    const { redeemed } = await redeem(change)
    expect((await redeemed).claims).toMatchObject({ sub: 'user-1' })
  })

  test.each<[module: string, change: () => Change, parameter: string]>([
    ['invalid-iss', () => claims({ iss: 'https://evil.example' }), 'iss'],
    ['invalid-missing-iss', () => claims({ iss: undefined }), 'iss'],
    ['invalid-aud', () => claims({ aud: 'client-2' }), 'aud'],
    ['invalid-missing-aud', () => claims({ aud: undefined }), 'aud'],
    ['invalid-secondary-aud', () => claims({ aud: ['client-1', 'client-2'] }), 'aud'],
    ['invalid-null-alg', () => unsigned, 'alg'],
    ['invalid-alternate-alg', () => signedByRs256, 'alg'],
    ['invalid-expired-exp', () => claims({ exp: seconds() - 600 }), 'exp'],
    ['invalid-missing-exp', () => claims({ exp: undefined }), 'exp'],
    ['invalid-nonce', () => claims({ nonce: 'another' }), 'nonce'],
    ['invalid-missing-nonce', () => claims({ nonce: undefined }), 'nonce'],
  ])('-%s', async (_module, change, parameter) => {
    const { redeemed } = await redeem(change())
    expect(await refusalOf(() => redeemed)).toEqual({ code: 'id_token_invalid', parameter })
  })

  test.each<[module: string, iss: string | undefined]>([
    ['invalid-authorization-response-iss', 'https://evil.example'],
    ['remove-authorization-response-iss', undefined],
  ])('-%s', async (_module, iss) => {
    const { server, redeemed } = await redeem(() => undefined, { iss })
    expect(await refusalOf(() => redeemed)).toEqual({ code: 'issuer_mismatch', parameter: 'iss' })
    expect(server.requests.token).toEqual([])
  })
})
