import type { ResponseParameters } from './authorization-request.js'
import type { Claims } from './jwt.js'

/**
 * What somebody between the provider and the app changes: the `state` or `iss` of the authorization response; the `nonce`,
 * `signature`, `audience`, `issuer`, `at_hash` or `expiry` of the ID Token.
 */
export type TamperTarget =
  'state' | 'iss' | 'nonce' | 'signature' | 'audience' | 'issuer' | 'at_hash' | 'expiry'

/** Where each of them is. */
export const placeOf = (target: TamperTarget): 'response' | 'id_token' =>
  target === 'state' || target === 'iss' ? 'response' : 'id_token'

/** What the next response or ID Token for a provider has wrong, if anything. */
export type TakeTampering = (provider: string, place: 'response' | 'id_token') => TamperTarget | undefined

const foreign = 'of-somebody-else'

/** The response with one parameter changed. */
export const tamperWithResponse = (
  parameters: ResponseParameters,
  target: TamperTarget | undefined,
): ResponseParameters => {
  if (target === 'state') return { ...parameters, state: foreign }
  return target === 'iss' ? { ...parameters, iss: 'https://somebody.example' } : parameters
}

const changes: Partial<Record<TamperTarget, Claims>> = {
  nonce: { nonce: foreign },
  audience: { aud: foreign },
  issuer: { iss: 'https://somebody.example' },
  at_hash: { at_hash: foreign },
  expiry: { exp: 1 },
}

/** The ID Token's claims with one changed. */
export const tamperWithIdToken = (claims: Claims, target: TamperTarget | undefined): Claims => ({
  ...claims,
  ...(target && changes[target]),
})
