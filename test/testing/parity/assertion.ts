import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import type { Credentials } from './place.js'

/** A client that authenticates by assertions, at both servers with the same key. */
export async function createAssertingClient() {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk: JWK = { ...(await exportJWK(publicKey)), kid: 'client', alg: 'RS256', use: 'sig' }
  return {
    publicKey,
    jwks: { keys: [jwk] },
    async credentials(
      clientId: string,
      audience: string,
      claims: Readonly<Record<string, unknown>> = {},
    ): Promise<Credentials> {
      const exp = Math.floor(Date.now() / 1000) + 60
      const good = { iss: clientId, sub: clientId, aud: audience, jti: randomUUID(), exp }
      return {
        parameters: {
          client_id: clientId,
          client_assertion: await new SignJWT({ ...good, ...claims })
            .setProtectedHeader({ alg: 'RS256', kid: 'client' })
            .sign(privateKey),
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        },
      }
    },
  }
}
