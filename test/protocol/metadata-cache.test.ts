import { expect, test, vi } from 'vitest'
import { cacheMetadata } from '../../src/protocol/metadata-cache.js'

const fetch = () => Promise.resolve(new Response())
const at = (now: number) => ({ fetch, now: () => now })
const metadata = (name: string) => ({ issuer: `https://${name}.example` })

test('metadata is loaded once an hour, also for those who ask at the same time', async () => {
  const load = vi.fn(() => Promise.resolve(metadata('as')))
  const find = cacheMetadata(load)
  const [first, second] = await Promise.all([find(at(1000)), find(at(1000))])
  expect(second).toBe(first)
  expect(await find(at(4599))).toBe(first)
  expect(load).toHaveBeenCalledOnce()
  expect(await find(at(4600))).not.toBe(first)
  expect(load).toHaveBeenCalledTimes(2)
})

test('metadata that could not be loaded is not kept', async () => {
  const load = vi.fn(() => Promise.resolve(metadata('as')))
  load.mockRejectedValueOnce(new Error('down'))
  const find = cacheMetadata(load)
  await expect(find(at(0))).rejects.toThrow('down')
  expect(await find(at(1))).toEqual(metadata('as'))
})

test('a load that fails late does not drop what was loaded since', async () => {
  const pending: { reject(error: Error): void }[] = []
  const load = vi.fn(() => Promise.resolve(metadata('new')))
  load.mockReturnValueOnce(new Promise((_, reject) => pending.push({ reject })))
  const find = cacheMetadata(load)
  const slow = find(at(0))
  const known = await find(at(3600))
  pending[0]?.reject(new Error('timeout'))
  await expect(slow).rejects.toThrow('timeout')
  expect(await find(at(3601))).toBe(known)
  expect(load).toHaveBeenCalledTimes(2)
})
