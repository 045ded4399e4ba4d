import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, type JWK } from 'jose'
import type { BankRequest } from './http.js'

const proofLifetimeSeconds = 300

/** Checks the DPoP proof of a request to an API (RFC 9449 §4.3). */
export interface ProofChecker {
  /** Why the proof is refused; undefined when it is good. */
  problem(request: BankRequest, accessToken: string, thumbprint: string): Promise<string | undefined>
}

/** Creates a checker with its own memory of proofs it has seen. */
export function createProofChecker(): ProofChecker {
  const seen = new Set<string>()
  return {
    async problem(request, accessToken, thumbprint) {
      const proof = request.headers['dpop']
      if (typeof proof !== 'string') return 'the DPoP header is missing'
      const options = {
        typ: 'dpop+jwt',
        maxTokenAge: proofLifetimeSeconds,
        algorithms: ['ES256', 'RS256', 'PS256'],
      }
      const verified = await jwtVerify(proof, EmbeddedJWK, options).catch(() => undefined)
      if (!verified) return 'the proof is malformed, too old or wrongly signed'
      const { payload, protectedHeader } = verified
      if ((await calculateJwkThumbprint(protectedHeader.jwk as JWK)) !== thumbprint)
        return 'the proof is of another key'
      if (payload['htm'] !== request.method) return 'htm is not the method'
      if (payload['htu'] !== `${request.origin}${request.path}`) return 'htu is not the address'
      if (payload['ath'] !== hash(accessToken)) return 'ath is not the hash of the access token'
      if (payload.jti === undefined || seen.has(payload.jti)) return 'the proof was used before'
      seen.add(payload.jti)
      return undefined
    },
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
