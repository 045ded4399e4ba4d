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

/** Options that say something of a key, and nothing without one. */
const keyOptions = ['keyId', 'algorithm', 'assertionAudience', 'assertionType'] as const

/**
 * Checks that one way to authenticate is given, or `none`, and that no option beside it would never be used: of a secret and a key one
 * would be, and nobody would know which.
 *
 * @throws {TypeError} naming what is missing, or what to leave out.
 */
export function checkAuthentication(label: string, options: object): void {
  const given = options as Readonly<Record<string, unknown>>
  const { authentication, clientSecret, privateKey, keyId } = given
  if (privateKey !== undefined && keyId === undefined)
    throw new TypeError(`${label}: \`privateKey\` needs its \`keyId\`, the \`kid\` of client assertions.`)
  const isWithout = authentication === 'none' || isCertificateMethod(authentication)
  if (clientSecret === undefined && privateKey === undefined && !isWithout)
    throw new TypeError(
      `${label}: give \`clientSecret\`, or \`privateKey\` and \`keyId\`; a public client says so with \`authentication: 'none'\`. If it comes from an environment variable, check that it is set.`,
    )
  refuseSecondAuthentication(label, given)
  refuseKeyOptions(label, given)
  if (!fits(given))
    throw new TypeError(
      `${label}: \`authentication: '${authentication as string}'\` does not go with the ${privateKey === undefined ? '`clientSecret`' : '`privateKey`'} beside it: leave one of the two out.`,
    )
}

/** Refuses a secret beside a key. @throws {TypeError} naming both. */
export function refuseSecondAuthentication(
  label: string,
  { clientSecret, privateKey }: { readonly clientSecret?: unknown; readonly privateKey?: unknown },
): void {
  if (clientSecret !== undefined && privateKey !== undefined)
    throw new TypeError(
      `${label}: \`clientSecret\` and \`privateKey\` are two ways to authenticate, of which one is used: leave the other out.`,
    )
}

/** Refuses what is said of a key that is not there. @throws {TypeError} naming the option. */
export function refuseKeyOptions(label: string, options: object): void {
  const given = options as Readonly<Record<string, unknown>>
  const lost =
    given['privateKey'] === undefined ? keyOptions.find((name) => given[name] !== undefined) : undefined
  if (lost !== undefined)
    throw new TypeError(
      `${label}: \`${lost}\` is about a \`privateKey\`, and none is given: give it, or leave \`${lost}\` out. If the key comes from an environment variable, check that it is set.`,
    )
}

/** Test for a method that is the one of the secret or the key that is there; a certificate is looked at by itself. */
function fits({ authentication, clientSecret, privateKey }: Readonly<Record<string, unknown>>): boolean {
  if (authentication === undefined || isCertificateMethod(authentication)) return true
  if (privateKey !== undefined) return authentication === 'private_key_jwt'
  if (clientSecret !== undefined) return authentication !== 'none' && authentication !== 'private_key_jwt'
  return authentication === 'none'
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
