import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resourceUrl } from '../../../src/core/channel/resource-url.js'
import { hostilePath } from '../../support/hostile-paths.js'

const apis = [
  'https://api.bank.example',
  'https://api.bank.example/',
  'https://api.bank.example/v3',
  'https://api.bank.example/v3/',
  'http://localhost:4680/open/banking/',
]

describe('the URL of a resource', () => {
  test.each([
    ['accounts', 'https://api.bank.example/v3/accounts'],
    ['/accounts', 'https://api.bank.example/v3/accounts'],
    ['//evil.example/accounts', 'https://api.bank.example/v3/evil.example/accounts'],
    ['http:evil.example/accounts', 'https://api.bank.example/v3/http:evil.example/accounts'],
    ['accounts?next=//evil.example/', 'https://api.bank.example/v3/accounts?next=//evil.example/'],
  ])('for %s is %s', (path, url) => {
    expect(resourceUrl('https://api.bank.example/v3', path)).toBe(url)
  })

  test('is on the API’s origin and below its base, whatever the path says', () => {
    fc.assert(
      fc.property(fc.constantFrom(...apis), hostilePath, (api, path) => {
        let url: URL
        try {
          url = new URL(resourceUrl(api, path))
        } catch (error) {
          expect(error).toMatchObject({ code: 'resource_not_allowed' })
          return
        }
        const base = new URL(api)
        expect(url.origin).toBe(base.origin)
        expect([url.username, url.password]).toEqual(['', ''])
        // Decoded as often as it changes: a server behind a proxy may do it twice.
        let pathname = url.pathname
        for (let times = 0; times < 4; times += 1) {
          expect(new URL(pathname, base.origin).pathname.startsWith(base.pathname)).toBe(true)
          expect(pathname).not.toMatch(/\/\.\.(?:\/|$)/)
          try {
            pathname = decodeURIComponent(pathname)
          } catch {
            return
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})
