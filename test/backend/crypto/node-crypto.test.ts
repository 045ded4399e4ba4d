import * as node from 'node:crypto'
import { beforeEach, expect, test, vi } from 'vitest'
import { sha256 as webSha256 } from '../../../src/protocol/digest.js'

beforeEach(() => {
  vi.resetModules()
})

const load = async () => (await import('../../../src/backend/crypto/node-crypto.js')).nodeCrypto

test('is what Node has, before version 21 and since', async () => {
  vi.stubGlobal('navigator', undefined)
  expect((await load())?.createHash).toBe(node.createHash)
  vi.resetModules()
  vi.stubGlobal('navigator', { userAgent: 'Node.js/22' })
  expect((await load())?.createHash).toBe(node.createHash)
})

test.each(['Cloudflare-Workers', 'Deno/2.5.0', 'Bun/1.3.0'])(
  'is nothing on %s, whatever it has',
  async (userAgent) => {
    vi.stubGlobal('navigator', { userAgent })
    expect(await load()).toBeUndefined()
  },
)

test('is nothing where there is no process', async () => {
  vi.stubGlobal('process', undefined)
  expect(await load()).toBeUndefined()
})

test.each([undefined, { userAgent: 'Cloudflare-Workers' }])(
  'hashes alike with %j as navigator',
  async (navigator) => {
    vi.stubGlobal('navigator', navigator)
    const { sha256 } = await import('../../../src/backend/crypto/hash.js')
    for (const text of ['', 'abc', 'é\u0000😀', 'x'.repeat(10_000)])
      expect(await sha256(text)).toBe(await webSha256(text))
  },
)
