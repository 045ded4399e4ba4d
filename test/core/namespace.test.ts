import { expect, test, vi } from 'vitest'
import { takeNamespace } from '../../src/core/namespace.js'

test('a second client of a namespace disposes of the first, with a warning', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const [first, second] = [vi.fn(), vi.fn()]
  takeNamespace('bank', first)
  const release = takeNamespace('bank', second)
  expect(first).toHaveBeenCalledTimes(1)
  expect(second).not.toHaveBeenCalled()
  expect(warn.mock.calls).toEqual([[expect.stringMatching(/second client.*"bank".*module of its own/)]])
  release()
})

test('clients of different namespaces, and one after another that was disposed of, leave each other alone', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  warn.mockClear()
  const first = vi.fn()
  takeNamespace('a', first)()
  const releases = [takeNamespace('a', vi.fn()), takeNamespace('b', vi.fn())]
  expect(first).not.toHaveBeenCalled()
  expect(warn).not.toHaveBeenCalled()
  for (const release of releases) release()
})
