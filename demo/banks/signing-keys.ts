import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from 'jose'
import { randomUUID } from 'node:crypto'
import type { Changes } from './control.js'

/** How an ID Token deviates from a good one. */
export interface IdTokenChange {
  /** Claims to overwrite; null removes one. */
  readonly claims?: Changes
  /** `none`: unsecured. `HS256`: signed with the public key as a secret, the classical confusion. */
  readonly alg?: 'none' | 'HS256'
  /** `foreign`: by a key the bank never published. `broken`: of other claims. */
  readonly signature?: 'foreign' | 'broken'
}

/** How a bank signs. */
export type SigningAlgorithm = 'RS256' | 'PS256' | 'ES256'

/** A bank's keys, made when it opens. */
export interface SigningKeys {
  /** The first private key, for oidc-provider's own needs. */
  readonly privateJwk: JWK
  /** The public keys: the current one, then those before it. */
  jwks(): { keys: JWK[] }
  /** Signs with a new key from now on. */
  rotate(): Promise<void>
  sign(claims: JWTPayload, change?: IdTokenChange): Promise<string>
  /** Signs what is no ID Token: a JWT whose header has no type. */
  signEvent(claims: JWTPayload): Promise<string>
}

interface KeyPair {
  readonly alg: SigningAlgorithm
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: JWK
}

/** Generates the first key. */
export async function createSigningKeys(alg: SigningAlgorithm = 'RS256'): Promise<SigningKeys> {
  let current = await createKeyPair(alg)
  const published = [current]
  return {
    privateJwk: { ...(await exportJWK(current.privateKey)), ...named(current) },
    jwks: () => ({ keys: published.map(({ publicJwk }) => publicJwk) }),
    async rotate() {
      current = await createKeyPair(alg)
      published.unshift(current)
    },
    sign: (claims, change = {}) => sign(current, applyChanges(claims, change.claims ?? {}), change),
    signEvent: (claims) => {
      const { alg, kid, privateKey } = current
      return new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey)
    },
  }
}

/** A copy with members overwritten, and those that are null removed. */
export function applyChanges<T extends object>(target: T, changes: Changes): T {
  const changed = Object.entries({ ...target, ...changes }).filter(([, value]) => value !== null)
  return Object.fromEntries(changed) as T
}

async function createKeyPair(alg: SigningAlgorithm): Promise<KeyPair> {
  const kid = randomUUID()
  const { privateKey, publicKey } = await generateKeyPair(alg, { modulusLength: 2048, extractable: true })
  return {
    alg,
    kid,
    privateKey,
    publicKey,
    publicJwk: { ...(await exportJWK(publicKey)), ...named({ alg, kid }) },
  }
}

function named({ alg, kid }: Pick<KeyPair, 'alg' | 'kid'>) {
  return { kid, alg, use: 'sig' }
}

async function sign(key: KeyPair, claims: JWTPayload, { alg, signature }: IdTokenChange): Promise<string> {
  if (alg === 'none') return new UnsecuredJWT(claims).encode()
  if (alg === 'HS256') return signWithPublicKey(key, claims)
  const good = await signWithPrivateKey(key, claims)
  if (signature === undefined) return good
  const { kid } = key
  const other =
    signature === 'foreign'
      ? await signWithPrivateKey({ ...(await createKeyPair(key.alg)), kid }, claims)
      : await signWithPrivateKey(key, { ...claims, jti: randomUUID() })
  return [...good.split('.').slice(0, 2), other.split('.')[2]].join('.')
}

function signWithPrivateKey({ alg, kid, privateKey }: KeyPair, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(privateKey)
}

async function signWithPublicKey({ kid, publicKey }: KeyPair, claims: JWTPayload): Promise<string> {
  const secret = new TextEncoder().encode(await exportSPKI(publicKey))
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid, typ: 'JWT' }).sign(secret)
}
