import { createPublicKey } from 'node:crypto'
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { IdTokenChange } from '../../../demo/banks/signing-keys.js'
import { openApiture } from './support.js'

let app: Awaited<ReturnType<typeof openApiture>>

beforeAll(async () => {
  app = await openApiture()
})

afterEach(() => {
  app.bank.control.reset()
})

afterAll(() => app.bank.close())

const fetchKeys = async () => (await (await fetch((await app.discover()).jwks_uri)).json()) as JSONWebKeySet

const verify = async (idToken = '') =>
  jwtVerify(idToken, createLocalJWKSet(await fetchKeys()), {
    issuer: app.bank.issuer,
    audience: app.bank.clientId,
  })

const connectWith = async (idToken: IdTokenChange) => {
  app.bank.control.next({ idToken })
  return (await app.connect()).id_token
}

const hostile: readonly (readonly [string, IdTokenChange, string])[] = [
  ['another issuer', { claims: { iss: 'https://evil.example/' } }, 'unexpected "iss" claim value'],
  ['another audience', { claims: { aud: 'somebody' } }, 'unexpected "aud" claim value'],
  ['a time that has passed', { claims: { exp: 1 } }, '"exp" claim timestamp check failed'],
  ['no signature', { alg: 'none' }, 'Unsupported "alg" value'],
  ['the public key as a secret', { alg: 'HS256' }, 'Unsupported "alg" value'],
  ['a signature of a key nobody published', { signature: 'foreign' }, 'signature verification failed'],
  ['a signature of other claims', { signature: 'broken' }, 'signature verification failed'],
]

test.each(hostile)('can carry %s', async (_what, change, message) => {
  await expect(verify(await connectWith(change))).rejects.toThrow(message)
  await expect(verify((await app.connect()).id_token)).resolves.toBeDefined()
})

test('names its algorithm, and verifies with the public key where that is the secret', async () => {
  expect(decodeProtectedHeader((await connectWith({ alg: 'none' })) ?? '').alg).toBe('none')
  const [jwk] = (await fetchKeys()).keys
  const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  })
  const secret = new TextEncoder().encode(String(publicKey).trim())
  const { protectedHeader } = await jwtVerify((await connectWith({ alg: 'HS256' })) ?? '', secret)
  expect(protectedHeader).toMatchObject({ alg: 'HS256', kid: jwk?.kid })
})

test('can carry any claim, or lack one', async () => {
  const { payload } = await verify(await connectWith({ claims: { nonce: 'other', at_hash: 'x', sub: null } }))
  expect(payload).toMatchObject({ nonce: 'other', at_hash: 'x' })
  expect(payload).not.toHaveProperty('sub')
})

test('keeps its header and claims when the signature is foreign or broken', async () => {
  const [header = '', claims = ''] = (await connectWith({ signature: 'broken' }))?.split('.') ?? []
  expect(decodeJwt(`${header}.${claims}.`)).not.toHaveProperty('jti')
  const foreign = (await connectWith({ signature: 'foreign' }))?.split('.')[0]
  expect(foreign).toBe(header)
})

test('is signed by a new key after a rotation, while the old one stays published', async () => {
  const before = (await app.connect()).id_token
  const [old] = (await fetchKeys()).keys
  await app.bank.control.act('rotateKeys')
  const { keys } = await fetchKeys()
  expect(keys).toHaveLength(2)
  expect(keys[1]).toEqual(old)
  expect((await verify((await app.connect()).id_token)).protectedHeader.kid).toBe(keys[0]?.kid)
  expect((await verify(before)).protectedHeader.kid).toBe(old?.kid)
})

test('publishes public keys only', async () => {
  for (const key of (await fetchKeys()).keys) {
    expect(Object.keys(key).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  }
})
