import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { realProviders, type Configuration } from '../../demo/app/configuration.js'
import { startDemo } from '../../demo/demo.js'
import { makeBlankPage } from './support/blank-page.js'

const page = makeBlankPage()
let configuration: Configuration

/** What the page is told by a demo that has credentials for Stitch, and an OpenID provider on this machine. */
beforeAll(async () => {
  const environment = {
    COUNTERSIGN_STITCH_CLIENT_ID: 'test-real',
    COUNTERSIGN_STITCH_CLIENT_SECRET: 'a secret of the test',
    COUNTERSIGN_OPENID_CLIENT_ID: 'client-1',
    COUNTERSIGN_OPENID_ISSUER: 'http://127.0.0.1:9',
    COUNTERSIGN_OPENID_SCOPE: 'openid',
    COUNTERSIGN_OPENID_API: 'http://localhost:9',
  }
  const demo = await startDemo({ environment, page })
  const document = await (await fetch(demo.origin)).text()
  await demo.close()
  configuration = JSON.parse(/>(.*)</.exec(document)?.[1] ?? '') as Configuration
})
afterAll(() => {
  rmSync(page, { recursive: true })
})

test('the page names the provider that its requests leave this machine for, and no other', () => {
  expect(realProviders(configuration)).toEqual(['Stitch'])
})

test('a provider is real as soon as one of its addresses is elsewhere', () => {
  const openid = { ...configuration.openid, api: 'https://api.example/' }
  expect(realProviders({ ...configuration, openid })).toEqual(['OpenID', 'Stitch'])
})

test('an address that is left out is not taken for one on this machine', () => {
  const { clientId, scope } = configuration.stitch
  expect(realProviders({ ...configuration, stitch: { clientId, scope } })).toEqual(['Stitch'])
})
