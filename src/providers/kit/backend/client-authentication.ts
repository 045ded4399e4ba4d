import * as oauth from 'oauth4webapi'
import type { OptionForms } from '../../../protocol/options.js'
import { importSigner, signAssertions } from './client-assertion.js'
import { isCertificateMethod, type CertificateAuthentication } from './client-certificate.js'
import { signingAlgorithms, type PrivateKeyInput, type SigningAlgorithm } from './signing-key.js'

/** Client authentication at the token endpoint, by the names of RFC 7591 §2. */
export type ClientAuthentication =
  | {
      /** A public client: PKCE alone protects the code. */
      readonly authentication: 'none'
    }
  | {
      readonly clientSecret: string
      /** @defaultValue `client_secret_basic` */
      readonly authentication?: 'client_secret_basic' | 'client_secret_post'
    }
  | {
      /** `CryptoKey`, private JWK, or PKCS #8 as PEM; an RSA key has 2048 bits or more. */
      readonly privateKey: PrivateKeyInput
      /** The `kid` of the client assertion. */
      readonly keyId: string
      /** For a JWK without `alg` and for PEM. @defaultValue `RS256` */
      readonly algorithm?: SigningAlgorithm
      /** The `aud` of the client assertion. @defaultValue the issuer (RFC 10070) */
      readonly assertionAudience?: string
      /** The `typ` of the client assertion. @defaultValue `client-authentication+jwt` (RFC 10070) */
      readonly assertionType?: 'JWT' | 'client-authentication+jwt'
      readonly authentication?: 'private_key_jwt'
    }

/** The values of `authentication` that need no certificate. */
export const clientMethods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'] as const

/** The forms of {@link ClientAuthentication}. */
export const authenticationForms: OptionForms<ClientAuthentication> = {
  authentication: clientMethods,
  clientSecret: 'string',
  privateKey: 'any',
  keyId: 'string',
  algorithm: signingAlgorithms,
  assertionAudience: 'string',
  assertionType: ['JWT', 'client-authentication+jwt'],
}

/** Checks that one way to authenticate is given, or `none`. @throws {TypeError} naming what is missing. */
export function checkAuthentication(label: string, options: object): void {
  const { authentication, clientSecret, privateKey, keyId } = options as Readonly<Record<string, unknown>>
  if (privateKey !== undefined && keyId === undefined)
    throw new TypeError(`${label}: \`privateKey\` needs its \`keyId\`, the \`kid\` of client assertions.`)
  const isWithout = authentication === 'none' || isCertificateMethod(authentication)
  if (clientSecret === undefined && privateKey === undefined && !isWithout)
    throw new TypeError(
      `${label}: give \`clientSecret\`, or \`privateKey\` and \`keyId\`; a public client says so with \`authentication: 'none'\`. If it comes from an environment variable, check that it is set.`,
    )
}

/** The authentication for each request. @throws {TypeError} for a key that cannot be used. */
export async function authenticate(
  issuer: string,
  options: ClientAuthentication | CertificateAuthentication,
): Promise<oauth.ClientAuth> {
  if (isCertificate(options)) return oauth.TlsClientAuth()
  // What is given as `undefined` is not given.
  if ('clientSecret' in options && (options.clientSecret as unknown) !== undefined)
    return options.authentication === 'client_secret_post'
      ? oauth.ClientSecretPost(options.clientSecret)
      : oauth.ClientSecretBasic(options.clientSecret)
  if (!('privateKey' in options) || (options.privateKey as unknown) === undefined) return oauth.None()
  const { assertionAudience: audience = issuer } = options
  const { assertionType: type = 'client-authentication+jwt' } = options
  return signAssertions(await importSigner(options), { audience, type })
}

const isCertificate = (
  options: ClientAuthentication | CertificateAuthentication,
): options is CertificateAuthentication => isCertificateMethod(options.authentication)
