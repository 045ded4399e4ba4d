import { Buffer } from 'node:buffer'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'

/** What is wrong with an ID Token: it is absent, has other claims, or is signed by a key that is not the provider's. */
export type IdTokenFault =
  | 'absent'
  | 'foreign key'
  | { readonly claims: Readonly<Record<string, string | number | readonly string[]>> }

/** A key pair made at run time, when it is first needed: no key lies in the package. */
const lazyKey = (): (() => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }) => {
  let pair: { privateKey: KeyObject; publicKey: KeyObject } | undefined
  return () => (pair ??= generateKeyPairSync('rsa', { modulusLength: 2048 }))
}
const own = lazyKey()
const foreign = lazyKey()
const header = { alg: 'RS256', kid: 'check', typ: 'JWT' }

/** The provider's key set (RFC 7517). */
export const keySet = (): object => {
  const { kty, n, e } = own().publicKey.export({ format: 'jwk' })
  return { keys: [{ kty, n, e, kid: header.kid, alg: header.alg, use: 'sig' }] }
}

/** Signs an ID Token with RS256, which every OpenID client must know. */
export function issueIdToken(claims: object, fault: IdTokenFault | undefined): string {
  const now = Math.floor(Date.now() / 1000)
  const { privateKey } = fault === 'foreign key' ? foreign() : own()
  const all = { iat: now, exp: now + 300, ...claims, ...(typeof fault === 'object' && fault.claims) }
  const text = [header, all].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`
}
