import { describe, expect, test } from 'vitest'
import { isLoopback, parseSecureUrl, type Resolver } from '../../src/protocol/secure-url.js'

describe('this machine', () => {
  const loopback = (resolver: Resolver) => (host: string) => isLoopback(new URL(`http://${host}/`), resolver)
  const here = ['localhost', 'LOCALHOST', '127.0.0.1', '[::1]', '0x7f.1']
  const elsewhere = ['localhost.evil', '127.0.0.2', '[::2]', 'example', 'notlocalhost']

  test.each(['browser', 'server'] as const)('is told from others for a %s', (resolver) => {
    expect(here.map(loopback(resolver))).toEqual(here.map(() => true))
    expect(elsewhere.map(loopback(resolver))).toEqual(elsewhere.map(() => false))
  })

  test('has names below localhost in a browser, and not where DNS is asked', () => {
    const names = ['bank.localhost', 'a.b.localhost']
    expect(names.map(loopback('browser'))).toEqual([true, true])
    expect(names.map(loopback('server'))).toEqual([false, false])
  })
})

test('plain http is for this machine only', () => {
  expect(parseSecureUrl('http://bank.localhost:4000/x', 'browser')?.port).toBe('4000')
  expect(parseSecureUrl('http://bank.localhost:4000/x', 'server')).toBeUndefined()
  expect(parseSecureUrl('http://bank.example/x', 'browser')).toBeUndefined()
})
