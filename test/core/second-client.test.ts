// @vitest-environment jsdom
// Two clients in one page, without the tests' own platform: that of this window.
import { createClient, singleUser, type ClientOptions } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest'

const bank = oidc({ issuer: 'https://as.example', clientId: 'client', scope: 'accounts' })
const made: { dispose(): void }[] = []

const make = (namespace?: string) => {
  const options: ClientOptions = { subject: singleUser, providers: { bank } }
  const client = createClient(namespace === undefined ? options : { ...options, namespace })
  made.push(client)
  return client
}

let warn: MockInstance<typeof console.warn>
let closed: MockInstance<() => void>

beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockReturnValue()
  closed = vi.spyOn(BroadcastChannel.prototype, 'close')
})

afterEach(() => {
  for (const client of made.splice(0)) client.dispose()
})

test('a second client of a namespace disposes the first one, with a warning that says what to do', () => {
  make()
  expect([closed.mock.calls.length, warn.mock.calls.length]).toEqual([0, 0])
  make()
  expect(closed).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/second client.*"countersign".*module of its own/)],
  ])
})

test('the namespace of one that was disposed of is free, and another one has a namespace of its own', () => {
  make().dispose()
  make()
  make('beside')
  expect(closed).toHaveBeenCalledTimes(1)
  expect(warn).not.toHaveBeenCalled()
})

test('the first one, disposed of once more, takes nothing from the second', () => {
  const first = make()
  make()
  first.dispose()
  make()
  expect(warn).toHaveBeenCalledTimes(2)
})
