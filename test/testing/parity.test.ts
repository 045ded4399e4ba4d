// The same stories at the kit's servers and at the demo's, which are oidc-provider or as the provider's documents have it:
// the kit is never kinder than a real server.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pairs, type Name, type Pair } from './parity/pairs.js'
import { storiesOf, stricter } from './parity/stories.js'

describe.each(Object.keys(pairs) as Name[])('%s', (name) => {
  let pair: Pair
  beforeAll(async () => {
    pair = await pairs[name]()
  })
  afterAll(() => pair.close())

  test.each(Object.entries(storiesOf[name]))(
    '%s: the kit answers as a real server does',
    async (_, story) => {
      expect(await story(pair.kit)).toEqual(await story(pair.real))
    },
  )

  test.each(Object.entries(stricter[name] ?? {}))('%s: the kit alone refuses it', async (_, story) => {
    expect(await story(pair.real)).toBe(200)
    expect(await story(pair.kit)).toBeGreaterThanOrEqual(400)
  })
})
