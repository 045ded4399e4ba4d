import * as node from 'node:crypto'
import { expect, test } from 'vitest'
import { createNodeAead, createWebAead, type Aead } from '../../../src/backend/crypto/aead.js'

type Bytes = Uint8Array<ArrayBuffer>

const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length))
const key = random(32)
const aeads: Record<string, () => Promise<Aead> | Aead> = {
  'node:crypto': () => createNodeAead(key, node),
  'Web Crypto': () => createWebAead(key),
}
const pairs = Object.keys(aeads).flatMap((one) => Object.keys(aeads).map((other) => [one, other]))
const open = async (aead: Aead, ...parameters: Parameters<Aead['open']>) => aead.open(...parameters)

test.each(pairs)('what %s seals, %s opens', async (one, other) => {
  const [sealing, opening] = [await aeads[one]!(), await aeads[other]!()]
  for (const length of [0, 1, 15, 16, 17, 400, 100_000]) {
    const [iv, plain, data] = [random(12), random(Math.min(length, 65_536)), random(length % 40)]
    const sealed = new Uint8Array(await sealing.seal(iv, plain, data))
    expect(sealed).toHaveLength(plain.length + 16)
    expect(new Uint8Array(await opening.open(iv, sealed, data))).toEqual(plain)
  }
})

test.each(Object.keys(aeads))('%s opens nothing else', async (name) => {
  const aead = await aeads[name]!()
  const [iv, data] = [random(12), random(20)]
  const sealed = new Uint8Array(await aead.seal(iv, random(30), data))
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = sealed.slice()
    changed[at]! ^= 1
    await expect(open(aead, iv, changed, data), `byte ${at}`).rejects.toThrow()
  }
  await expect(open(aead, random(12), sealed, data)).rejects.toThrow()
  await expect(open(aead, iv, sealed, random(20))).rejects.toThrow()
  await expect(open(aead, iv, sealed, new Uint8Array())).rejects.toThrow()
})

// A tag of four bytes can be guessed; node:crypto takes one unless it is told its length.
test.each(Object.keys(aeads))('%s takes no shorter tag, whatever is cut off', async (name) => {
  const aead = await aeads[name]!()
  const [iv, data] = [random(12), random(20)]
  const sealed = new Uint8Array(await aead.seal(iv, new Uint8Array(), data))
  for (let length = 0; length < sealed.length; length += 1)
    await expect(open(aead, iv, sealed.slice(0, length), data), `${length} bytes`).rejects.toThrow()
})
