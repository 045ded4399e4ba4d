// A refresh of tokens that all pages of an origin share.
import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { expect, test } from 'vitest'
import { openDatabase } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createScene, providers } from '../../support/app.js'
import type { FakePage } from '../../support/browser.js'
import { openNetwork } from '../../support/network.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()

/** Pages of an app that keeps its tokens in IndexedDB; the access token has just ended. */
async function ended() {
  const scene = createScene(network)
  const bank = oidc({
    issuer: 'https://as.example',
    clientId: 'client-1',
    scope: providers.bank.scope,
    persistTokens: true,
  })
  const open = (url?: string, platform?: Partial<FakePage['platform']>) =>
    createClient({
      subject: singleUser,
      providers: { bank },
      platform: { ...scene.browser.open(url).platform, ...platform },
    })
  const url = await scene.consent()
  // The page that left keeps no tokens, and would retire those of a connection that is as old as itself.
  scene.browser.clock.advance(1)
  const first = open(url)
  await until(first.tokens('bank'), 'connected')
  scene.browser.clock.advance(3600)
  return {
    open,
    first,
    refreshes: () =>
      scene.server.requests.token.filter(({ form }) => form.get('grant_type') === 'refresh_token'),
  }
}

test('is one for pages that need a token at the same moment', async () => {
  const { first, open, refreshes } = await ended()
  const pages = [first, open(), open()]
  const states = await Promise.all(pages.map((page) => until(page.tokens('bank'), 'connected')))
  const tokens = await Promise.allSettled(states.map(({ getAccessToken }) => getAccessToken()))
  expect(tokens.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
  expect(new Set(tokens.map((result) => 'value' in result && result.value)).size).toBe(1)
  expect(refreshes()).toHaveLength(1)
})

test('is committed before anybody gets its token: where it cannot be stored, nobody does', async () => {
  const { open, refreshes } = await ended()
  const real = openDatabase('countersign')
  const page = open('/', {
    database: {
      ...real,
      change: (keys, change) =>
        refreshes().length > 0 ? Promise.reject(new StorageError()) : real.change(keys, change),
    },
  })
  const { getAccessToken } = await until(page.tokens('bank'), 'connected')
  await expect(getAccessToken()).rejects.toMatchObject({ code: 'storage_unavailable' })
  await settled()
  expect(refreshes()).toHaveLength(1)
})
