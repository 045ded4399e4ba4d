// The algorithms by which ID Tokens are signed, each with a key of its own, as page and backend verify them.
import { oidc as oidcBackend, type ProviderContext } from 'countersign/backend'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { consent, redirectUri } from '../../protocol/support/scene.js'
import { createScene } from '../../support/app.js'
import type { AuthorizationServer } from '../../support/authorization-server.js'
import { openNetwork } from '../../support/network.js'
import { outcome, refusal } from '../../support/outcome.js'
import { errorOf } from '../../support/refusal.js'

const network = openNetwork()

// Written out: the library's own list would hide what is missing from it.
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** Has the server sign with a new key of this algorithm, and publish that of another where it is `forged`. */
async function signWith({ hostile }: AuthorizationServer, alg: string, forged = false): Promise<void> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const published = forged ? (await generateKeyPair(alg, { extractable: true })).publicKey : publicKey
  const jwk = { ...(await exportJWK(published)), kid: 'new', alg, use: 'sig' }
  hostile.jwks = () => HttpResponse.json({ keys: [jwk] })
  hostile.metadata = (metadata) => ({ ...metadata, id_token_signing_alg_values_supported: [alg] })
  hostile.idToken = ({ at_hash: _at, s_hash: _s, ...claims }) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid: 'new' }).sign(privateKey)
}

describe.each(algorithms)('an ID Token signed with %s', (alg) => {
  test('is verified by a page', async () => {
    const scene = createScene(network)
    await signWith(scene.server, alg)
    const url = await scene.consent()
    expect((await outcome(scene.open(url))).status).toBe('connected')
  })

  test('is refused by a page when another key has signed', async () => {
    const scene = createScene(network)
    await signWith(scene.server, alg, true)
    const url = await scene.consent()
    expect(await refusal(scene.open(url))).toMatchObject({ code: 'id_token_invalid' })
  })

  /** Redeems a code as the backend's handler has the provider do it. */
  async function redeem(forged: boolean) {
    const { server } = createScene(network)
    const { issuer, clientId } = server
    const scope = 'openid accounts'
    const provider = oidcBackend({ issuer, clientId, redirectUri, scope, authentication: 'none' })
    const { codeVerifier, code, state, iss, nonce } = await consent(server, scope)
    await signWith(server, alg, forged)
    const context = {
      fetch: (url, init) => fetch(url, init),
      now: () => Math.floor(Date.now() / 1000),
    } as Pick<ProviderContext, 'fetch' | 'now'> as ProviderContext
    const session = { subject: 'robin', claims: {} }
    const redemption = { session, code, codeVerifier, state, iss, nonce, redirectUri, scope, data: undefined }
    return provider.redeem(redemption, context)
  }

  test('is verified by a backend', async () => {
    expect(await redeem(false)).toMatchObject({ sub: 'user-1' })
  })

  test('is refused by a backend when another key has signed', async () => {
    expect(await errorOf(() => redeem(true))).toMatchObject({ code: 'id_token_invalid' })
  })
})
