import { randomBytes } from 'node:crypto'
import { compactDecrypt } from 'jose'
import { describe, expect, test } from 'vitest'
import { createSealing } from '../../../src/backend/storage/sealing.js'

const key = (): string => randomBytes(32).toString('base64url')
const now = 1_800_000_000
const opened = (value: unknown) => ({ status: 'open', value, expiresAt: expect.any(Number) as number })

test('a sealed value opens for the same context until it expires', async () => {
  const sealing = createSealing([key()])
  const value = { text: 'é"\u0000', list: [1, null, true] }
  const sealed = await sealing.seal(value, 'a', now + 10)
  expect(await sealing.open(sealed, 'a', now)).toEqual(opened(value))
  expect(await sealing.open(sealed, 'a', now + 9)).toEqual(opened(value))
  expect(await sealing.open(sealed, 'a', now + 10)).toEqual({ status: 'expired' })
  expect(await sealing.open(sealed, 'b', now)).toEqual({ status: 'damaged' })
  expect(await sealing.open(sealed, '', now)).toEqual({ status: 'damaged' })
})

test('the same value is never sealed alike', async () => {
  const sealing = createSealing([key()])
  const sealed = await Promise.all(Array.from({ length: 50 }, () => sealing.seal('x', 'a', now)))
  expect(new Set(sealed.map((text) => text.split('.')[2])).size).toBe(50)
})

test('a value of any size is sealed', async () => {
  const sealing = createSealing([key()])
  for (const length of [0, 1, 12_287, 12_288, 12_289, 300_000]) {
    const value = 'x'.repeat(length)
    expect(await sealing.open(await sealing.seal(value, 'a', now + 1), 'a', now)).toEqual(opened(value))
  }
})

test('every changed character keeps it shut', async () => {
  const sealing = createSealing([key()])
  const sealed = await sealing.seal({ a: 1 }, 'a', now + 10)
  for (let index = 0; index < sealed.length; index += 1) {
    const other = sealed[index] === 'A' ? 'B' : 'A'
    const changed = sealed.slice(0, index) + other + sealed.slice(index + 1)
    // The last character of base64url may hold bits that mean nothing.
    if (
      Buffer.from(changed.split('.')[3] ?? '', 'base64url').equals(
        Buffer.from(sealed.split('.')[3]!, 'base64url'),
      )
    ) {
      if (changed.split('.').slice(0, 3).join() === sealed.split('.').slice(0, 3).join()) continue
    }
    const { status } = await sealing.open(changed, 'a', now)
    expect(['damaged', 'unknown_key'], `character ${index}`).toContain(status)
  }
})

test.each([
  ...['', '.', '...', '1...', '1.a.b.c', 'null', '1.%.%.%', `1.${'a'.repeat(5000)}`].map((text) => [
    text,
    'damaged',
  ]),
  ...['{}', '["one","two"]'].map((text) => [text, 'not_sealed']),
  [`1.AAAAAAAA.${'A'.repeat(16)}.${'A'.repeat(40)}`, 'unknown_key'],
])('what was not sealed here does not open: %s', async (text, status) => {
  expect(await createSealing([key()]).open(text, 'a', now)).toEqual({ status })
})

test('the ring: the first key seals, all open, and one that is gone opens nothing', async () => {
  const [first, second] = [key(), key()]
  const sealed = await createSealing([first]).seal('x', 'a', now + 10)
  const rotated = createSealing([second, first])
  expect(await rotated.open(sealed, 'a', now)).toEqual(opened('x'))
  const resealed = await rotated.seal('x', 'a', now + 10)
  expect(await createSealing([second]).open(resealed, 'a', now)).toEqual(opened('x'))
  expect(await createSealing([second]).open(sealed, 'a', now)).toEqual({ status: 'unknown_key' })
  expect(await createSealing([first]).open(resealed, 'a', now)).toEqual({ status: 'unknown_key' })
})

test('is AES-256-GCM, which jose opens, too', async () => {
  const text = key()
  const sealed = await createSealing([text]).seal({ a: 1 }, 'context', now)
  const [, , iv = '', body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM' })).toString('base64url')
  const parts = [
    header,
    '',
    iv,
    bytes.subarray(0, -16).toString('base64url'),
    bytes.subarray(-16).toString('base64url'),
  ]
  // jose's additional data is the header, ours the context: the tag differs, which shows that it counts.
  await expect(compactDecrypt(parts.join('.'), Buffer.from(text, 'base64url'))).rejects.toThrow('decryption')
  const imported = await crypto.subtle.importKey('raw', Buffer.from(text, 'base64url'), 'AES-GCM', false, [
    'decrypt',
  ])
  const additionalData = new TextEncoder().encode('countersign 1 context')
  const algorithm = { name: 'AES-GCM', iv: Buffer.from(iv, 'base64url'), additionalData }
  const plain = await crypto.subtle.decrypt(algorithm, imported, bytes)
  expect(JSON.parse(new TextDecoder().decode(plain))).toEqual([now, { a: 1 }])
})

describe('a key', () => {
  test.each([
    ['too short', randomBytes(31).toString('base64url')],
    ['too long', randomBytes(33).toString('base64url')],
    ['a passphrase', 'correct horse battery staple'],
    ['in hexadecimal', randomBytes(32).toString('hex')],
    ['empty', ''],
    ['missing', undefined],
  ])('that is %s is refused, with how to make one and without itself', (_name, text) => {
    const make = () => createSealing([text as string])
    expect(make).toThrow(/openssl rand/)
    if (text) expect(make).not.toThrow(text)
  })

  test('may be base64 as openssl writes it', async () => {
    const sealing = createSealing([randomBytes(32).toString('base64')])
    expect(await sealing.open(await sealing.seal('x', 'a', now + 1), 'a', now)).toEqual(opened('x'))
  })
})
