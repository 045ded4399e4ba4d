import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify, type JWK, type JWTPayload } from 'jose'
import type { BankRequest } from './http.js'

/** How far the clock of a client may be off, either way: as much as at the token endpoint. */
const proofToleranceSeconds = 300

/** Checks the DPoP proof of a request to an API (RFC 9449 §4.3). */
export interface ProofChecker {
  /** The nonce a proof must carry when one is demanded. */
  readonly nonce: string
  /** Why the proof is refused; undefined when it is good. */
  problem(request: BankRequest, accessToken: string, thumbprint: string): Promise<ProofProblem | undefined>
}

/** The error of a refused proof. */
export interface ProofProblem {
  readonly error: 'invalid_token' | 'invalid_dpop_proof' | 'use_dpop_nonce'
  readonly description: string
}

/** Creates a checker with its own nonce and its own memory of proofs it has seen. */
export function createProofChecker(demandsNonce: () => boolean): ProofChecker {
  const seen = new Set<string>()
  const nonce = randomUUID()
  return {
    nonce,
    async problem(request, accessToken, thumbprint) {
      const proof = await verify(request.headers['dpop'])
      if (!proof) return invalid('The proof is missing, too old or wrongly signed.')
      if (proof.thumbprint !== thumbprint) {
        return { error: 'invalid_token', description: 'The access token is bound to another key.' }
      }
      const mismatch = mismatchOf(proof.payload, request, accessToken)
      if (mismatch !== undefined) return invalid(`${mismatch} does not match.`)
      if (demandsNonce() && proof.payload['nonce'] !== nonce) {
        return { error: 'use_dpop_nonce', description: 'The proof needs the nonce of this server.' }
      }
      const { jti } = proof.payload
      if (jti === undefined || seen.has(jti)) return invalid('The proof was used before.')
      seen.add(jti)
      return undefined
    },
  }
}

function invalid(description: string): ProofProblem {
  return { error: 'invalid_dpop_proof', description }
}

async function verify(proof: string | string[] | undefined) {
  if (typeof proof !== 'string') return undefined
  const options = {
    typ: 'dpop+jwt',
    maxTokenAge: 1,
    clockTolerance: proofToleranceSeconds,
    algorithms: ['ES256', 'EdDSA'],
  }
  const verified = await jwtVerify(proof, EmbeddedJWK, options).catch(() => undefined)
  if (!verified) return undefined
  const thumbprint = await calculateJwkThumbprint(verified.protectedHeader.jwk as JWK)
  return { payload: verified.payload, thumbprint }
}

/** The first claim that is not about this request. */
function mismatchOf(payload: JWTPayload, request: BankRequest, accessToken: string): string | undefined {
  const expected = {
    htm: request.method,
    htu: `${request.origin}${request.path}`,
    ath: createHash('sha256').update(accessToken).digest('base64url'),
  }
  return Object.entries(expected).find(([claim, value]) => payload[claim] !== value)?.[0]
}
