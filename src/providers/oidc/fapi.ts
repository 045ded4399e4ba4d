import { parseUrl } from '../../protocol/parse-url.js'
import { checkPresentsCertificate, isCertificateMethod } from '../kit/backend/client-certificate.js'
import { fapiAlgorithms } from '../kit/backend/fapi.js'
import { signingAlgorithms } from '../kit/backend/signing-key.js'

/** Options as they are given: types cannot know what JavaScript and the environment give. */
interface Given {
  readonly issuer: string
  readonly mode?: unknown
  readonly par?: unknown
  readonly api?: string
  readonly fetch?: unknown
  readonly idTokenAlgorithms?: readonly string[]
  readonly authentication?: unknown
  readonly clientSecret?: unknown
  readonly privateKey?: unknown
  readonly algorithm?: unknown
  readonly assertionAudience?: unknown
  readonly dpop?: unknown
}

/**
 * Checks that options go together with `fapi: true`, so that nobody is sent away for a connection that could not keep to the profile.
 *
 * @throws {TypeError} naming the option and what to change.
 * @see https://openid.net/specs/fapi-security-profile-2_0-final.html#section-5.3.3
 */
export function checkFapiOptions(options: Given): void {
  const refuse = (sentence: string): never => {
    throw new TypeError(`oidc with \`fapi\`: ${sentence}`)
  }
  if (options.mode !== 'bff')
    refuse(
      "access tokens are bound to the certificate or a key of the backend, so a page cannot use them: set `mode: 'bff'`.",
    )
  if (options.par === false) refuse('every authorization request is pushed: leave `par` out.')
  const { authentication, clientSecret, privateKey } = options
  const hasOne = privateKey !== undefined || isCertificateMethod(authentication)
  if (!hasOne || clientSecret !== undefined || /none|secret/.test(String(authentication)))
    refuse(
      "the client authenticates by a key or by its certificate: give `privateKey` and `keyId`, or `authentication: 'tls_client_auth'`, and no secret.",
    )
  if (privateKey !== undefined && !fits(options))
    refuse(
      "client assertions are signed with PS256, ES256 or Ed25519: give such a key, Ed25519 as a `CryptoKey`, and for PEM or a JWK without `alg` its `algorithm: 'ES256'` or `'PS256'`.",
    )
  if ((options.assertionAudience ?? options.issuer) !== options.issuer)
    refuse('the `aud` of client assertions is the issuer: leave `assertionAudience` out.')
  const { idTokenAlgorithms = [] } = options
  if (!idTokenAlgorithms.every((name) => (fapiAlgorithms as readonly string[]).includes(name)))
    refuse('ID Tokens are signed with PS256, ES256 or EdDSA: leave others out of `idTokenAlgorithms`.')
  if (options.dpop === true && options.fetch === undefined) return
  if (options.api !== undefined && parseUrl(options.api)?.protocol !== 'https:')
    refuse('no certificate is shown on plain http: give an https URL as `api`.')
  checkPresentsCertificate(
    `oidc with \`fapi\` and ${options.dpop === true ? '`fetch`' : 'without `dpop`'}`,
    options.fetch,
  )
}

/** Test for a key that signs by one of the profile's algorithms. A key that cannot be read is reported by `ready`. */
function fits({ privateKey, algorithm }: Given): boolean {
  if (privateKey instanceof CryptoKey) {
    const { name, namedCurve, hash } = privateKey.algorithm as Partial<EcKeyAlgorithm & RsaHashedKeyAlgorithm>
    return name === 'Ed25519' || namedCurve === 'P-256' || (name === 'RSA-PSS' && hash?.name === 'SHA-256')
  }
  const { alg = '' } = Object(privateKey) as JsonWebKey
  // As the key is imported: its own word comes first.
  return /^[PE]S256$/.test(signingAlgorithms.includes(alg) ? alg : String(algorithm))
}
