import { basis, createBackend, memoryStore } from 'countersign/backend'
import { AuthorizationResponseError } from 'countersign/core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { BasisBank } from '../../../demo/banks/basis.js'
import { parseAuthorizationResponse } from '../../../src/protocol/authorization-response.js'
import { createVisitor } from '../../demo/banks/visitor.js'
import { until } from '../../support/until.js'
import { storedTransaction } from '../stored-transaction.js'
import { backendOptionsFor, claims, createScene, openBank, redirectUri, type Scene } from './scene.js'

let bank: BasisBank
const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)

beforeAll(async () => {
  process.on('unhandledRejection', note)
  bank = await openBank()
})
afterEach(() => {
  bank.control.reset()
  bank.requests.clear()
})
afterAll(async () => {
  process.off('unhandledRejection', note)
  await bank.close()
})

/** Clicks, and comes back with whatever Connect answers at once. */
async function initialize(scene: Scene = createScene(bank)) {
  const { url } = await createVisitor(bank.origin).open(await scene.leave())
  return { url, ...(await scene.comeBack(url)) }
}

/** The seed's own example, letter by letter. */
const documented =
  'http://example.com/land?error=invalid_request&error_uri=https%3A%2F%2Fwww.ietf.org%2Farchive%2Fid%2Fdraft-ietf-oauth-v2-1-11.html%23section-4.1.2.1&state=d0fc31e4-3613-4810-ada7-821a74e256ba&error_description=Request+included+expired+Initialization+Token.'

describe('an error at initialization', () => {
  test('basis 33, 37: an expired initialization token ends in the documented error, with its description', async () => {
    bank.control.next({ secondsLater: 601 })
    const { url, callback, page } = await initialize()
    expect(url.search).toMatch(/^\?error=.*&error_uri=.*&state=.*&error_description=.*\+/)
    expect(callback).toMatchObject({
      status: 'failed',
      provider: 'basis',
      error: {
        name: 'AuthorizationResponseError',
        code: 'authorization_error',
        error: 'invalid_request',
        errorDescription: 'Request included expired Initialization Token.',
        recovery: 'authorize',
      },
    })
    expect(page.url).toBe(redirectUri)
    expect(bank.requests.count('/oauth/token')).toBe(0)
  })

  test('basis 33: a backend with another secret is told of at once', async () => {
    const clientSecret = Buffer.alloc(64, 7).toString('base64')
    const { callback } = await initialize(createScene(bank, { backend: { clientSecret } }))
    expect(callback).toMatchObject({
      status: 'failed',
      error: { errorDescription: 'Initialization token has an invalid signature.' },
    })
  })

  test('basis 34: with an unregistered redirect URI nobody comes back; after an hour that is known', async () => {
    bank.control.next({ unregistered: true })
    const scene = createScene(bank)
    const stop = await createVisitor(bank.origin).open(await scene.leave())
    expect([stop.status, stop.url.origin]).toEqual([400, bank.origin])
    const meanwhile = scene.open()
    expect(meanwhile.client.callback.get().status).toBe('none')
    expect((await until(meanwhile.client.connections, 'ready')).connections).toEqual([])
    scene.browser.clock.advance(3500)
    expect((await until(scene.open().client.connections, 'ready')).abandoned).toEqual([])
    scene.browser.clock.advance(101)
    const state = await until(scene.open().client.connections, 'ready')
    expect(state.connections).toEqual([])
    expect(state.abandoned).toMatchObject([{ provider: 'basis' }])
    expect(bank.requests.count('/oauth/token')).toBe(0)
  })

  test('basis 35: needs neither error_description nor error_uri', async () => {
    bank.control.next({ error: 'server_error', redirect: { error_description: null, error_uri: null } })
    const { callback } = await initialize()
    expect(callback).toMatchObject({ status: 'failed', error: { error: 'server_error' } })
    if (callback.status !== 'failed') throw new Error('unreachable')
    expect(callback.error).not.toHaveProperty('errorDescription')
    expect(callback.error).not.toHaveProperty('errorUri')
  })

  test('basis 35: ends no transaction without the state, or with another', async () => {
    for (const state of [null, 'd0fc31e4-3613-4810-ada7-821a74e256ba']) {
      bank.control.next({ error: 'server_error', redirect: { state } })
      const scene = createScene(bank)
      const left = await scene.leave()
      const { url } = await createVisitor(bank.origin).open(left)
      const { callback } = await scene.comeBack(url)
      expect(callback).toMatchObject({
        status: 'failed',
        error: { code: state === null ? 'authorization_error' : 'state_unknown' },
      })
      expect(await storedTransaction(scene, left)).toMatchObject({ phase: 'left' })
    }
  })

  test.each([
    ['invalid_request', 'failed', 'authorization_error'],
    ['unauthorized_client', 'failed', 'authorization_error'],
    ['access_denied', 'denied', 'access_denied'],
    ['unsupported_response_type', 'failed', 'authorization_error'],
    ['invalid_scope', 'failed', 'authorization_error'],
    ['server_error', 'failed', 'temporarily_unavailable'],
    ['temporarily_unavailable', 'failed', 'temporarily_unavailable'],
  ])('basis 36: %s ends in %s with the code %s', async (error, status, code) => {
    bank.control.next({ error })
    const { callback } = await initialize()
    expect(callback).toMatchObject({ status, error: { code, error } })
    expect(callback).toHaveProperty('restart')
  })

  test('basis 36: a person who denies is no fault', async () => {
    const scene = createScene(bank)
    const { url } = await scene.decide('deny')
    expect((await scene.comeBack(url)).callback).toMatchObject({ status: 'denied', provider: 'basis' })
    expect(bank.requests.count('/oauth/token')).toBe(0)
  })

  test('basis 36: starting again after an error goes to the same platform, with a new token', async () => {
    bank.control.next({ error: 'temporarily_unavailable' })
    const { callback, page } = await initialize()
    if (callback.status !== 'failed' || !callback.restart) throw new Error('There is nothing to start again.')
    const leaving = page.leaving()
    callback.restart()
    const next = new URL(await leaving)
    expect((await createVisitor(bank.origin).open(next)).text).toContain('Larkspur Business Online')
  })
})

describe('the documented redirect', () => {
  test('basis 35, 37: is read whatever the order, and + is a space', () => {
    const { state, error } = parseAuthorizationResponse(new URL(documented).searchParams)
    expect(state).toBe('d0fc31e4-3613-4810-ada7-821a74e256ba')
    expect(error).toBeInstanceOf(AuthorizationResponseError)
    expect(error).toMatchObject({
      error: 'invalid_request',
      errorDescription: 'Request included expired Initialization Token.',
    })
    const reversed = new URLSearchParams([...new URL(documented).searchParams].reverse())
    expect(parseAuthorizationResponse(reversed).error).toMatchObject({ error: 'invalid_request' })
  })

  test.each([
    'https://www.ietf.org/archive/id/draft-ietf-oauth-v2-1-11.html#section-4.1.2.1',
    'https://datatracker.ietf.org/doc/html/draft-ietf-oauth-v2-1-11#section-4.1.2.1',
  ])('basis 37, 38: keeps the error_uri %s as it is, fragment included', async (error_uri) => {
    bank.control.next({ error: 'invalid_request', redirect: { error_uri } })
    const { callback } = await initialize()
    expect(callback).toMatchObject({ error: { errorUri: error_uri } })
  })

  test.each(['javascript:alert(1)', 'data:text/html,x', 'not a URL', ''])(
    'basis 38: gives no link for the error_uri %j',
    async (error_uri) => {
      bank.control.next({ error: 'invalid_request', redirect: { error_uri } })
      const { callback } = await initialize()
      expect(callback.status === 'failed' && callback.error).not.toHaveProperty('errorUri')
    },
  )

  test('basis 39: redirect URIs are https, or http on this machine', () => {
    const make = (uri: string) => () =>
      createBackend({
        origins: ['https://app.example'],
        store: memoryStore(),
        session: () => ({ subject: 'robin', claims }),
        providers: { basis: basis({ ...backendOptionsFor(bank), redirectUri: uri }) },
      })
    expect(make('http://example.com/land')).toThrow(/redirectUri of provider "basis"/)
    expect(make('http://localhost:5173/callback/basis')).not.toThrow()
    expect(make('https://example.com/land')).not.toThrow()
  })

  test('basis 40: an app that ignores the error is not disturbed by it', async () => {
    bank.control.next({ error: 'server_error' })
    const scene = createScene(bank)
    const { url } = await createVisitor(bank.origin).open(await scene.leave())
    const { client, page } = scene.open(url.href)
    const { status } = await until(client.callback, 'failed')
    expect(status).toBe('failed')
    expect(page.url).toBe(redirectUri)
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})
