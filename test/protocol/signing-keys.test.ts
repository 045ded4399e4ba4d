import { generateKeyPair, SignJWT } from 'jose'
import { HttpResponse } from 'msw'
import * as oauth from 'oauth4webapi'
import { describe, expect, test, vi } from 'vitest'
import { NetworkError } from '../../src/protocol/errors.js'
import { checkSignature } from '../../src/protocol/signing-keys.js'
import { createAuthorizationServer } from '../support/authorization-server.js'
import { openNetwork } from '../support/network.js'
import { settled } from '../support/until.js'

const network = openNetwork()

const noKeyFits = expect.objectContaining({ code: oauth.KEY_SELECTION }) as Error
const unavailable = expect.objectContaining({ code: 'provider_unavailable', recovery: 'resume' }) as Error
const wrong = { message: 'JWT signature verification failed' }

/** A server, and a client with a clock of its own that looks at signatures. */
function createScene() {
  const server = createAuthorizationServer()
  network.use(...server.handlers)
  const metadata = server.metadata as unknown as oauth.AuthorizationServer
  const scene = {
    server,
    seconds: 0,
    fetches: () => server.requests.jwks.length,
    /** Checks an ID Token of the server's, with changes to its header, or another one. */
    async check(header: Record<string, unknown> = {}, sign = server.sign, fetch = globalThis.fetch) {
      const now = Math.floor(Date.now() / 1000)
      const claims = { iss: server.issuer, aud: server.clientId, sub: 'user-1', iat: now, exp: now + 300 }
      const idToken = await sign(claims, header)
      const response = Response.json({ access_token: 'a', token_type: 'bearer', id_token: idToken })
      await oauth.processRefreshTokenResponse(metadata, { client_id: server.clientId }, response)
      return checkSignature(
        metadata,
        response,
        (url, init) => fetch(url, init),
        () => scene.seconds,
      )
    },
    /** Checks one that somebody else has signed, under the name of the server's own key. */
    async checkForged() {
      const { privateKey } = await generateKeyPair('ES256')
      return scene.check({ alg: 'ES256', kid: 'key-1' }, (claims, header) =>
        new SignJWT(claims).setProtectedHeader(header as { alg: string }).sign(privateKey),
      )
    },
  }
  return scene
}

test('keys are fetched when the first signature comes, and again after 300 s', async () => {
  const scene = createScene()
  for (const [seconds, fetches] of [
    [0, 1],
    [1, 1],
    [299, 1],
    [300, 2],
    [599, 2],
  ] as const) {
    scene.seconds = seconds
    expect([await scene.check(), scene.fetches()]).toEqual([undefined, fetches])
  }
})

/** @see https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys */
describe('a signature of a new key', () => {
  test.each([
    ['under another name', 'key-2'],
    ['under the same name', 'key-1'],
    ['without a name', undefined],
  ])('%s is good at once', async (_name, kid) => {
    const scene = createScene()
    await scene.check()
    await scene.server.rotateKeys(kid)
    expect(await scene.check()).toBeUndefined()
    expect(scene.fetches()).toBe(2)
    expect(await scene.check()).toBeUndefined()
    expect(scene.fetches()).toBe(2)
  })

  test.each([1, 61, 400])('is good %i s after keys were last fetched', async (seconds) => {
    const scene = createScene()
    await scene.check()
    scene.seconds = seconds
    await scene.server.rotateKeys('key-2')
    expect(await scene.check()).toBeUndefined()
    expect(scene.fetches()).toBe(2)
  })

  test('costs one fetch for twenty who see it at the same time', async () => {
    const scene = createScene()
    const all = () => Promise.all(Array.from({ length: 20 }, () => scene.check()))
    expect(new Set(await all())).toEqual(new Set([undefined]))
    expect(scene.fetches()).toBe(1)
    await scene.server.rotateKeys('key-2')
    expect(new Set(await all())).toEqual(new Set([undefined]))
    expect(scene.fetches()).toBe(2)
  })

  test('is good for a check by the old keys that outlasts the fetch of the new ones', async () => {
    const scene = createScene()
    await scene.check()
    await scene.server.rotateKeys('key-1')
    const verify = crypto.subtle.verify.bind(crypto.subtle)
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const verifications = vi.spyOn(crypto.subtle, 'verify').mockImplementationOnce(async (...signed) => {
      await held
      return verify(...signed)
    })
    const slow = scene.check()
    while (verifications.mock.calls.length === 0) await settled()
    expect(await scene.check()).toBeUndefined()
    release()
    expect(await slow).toBeUndefined()
    expect(scene.fetches()).toBe(2)
  })

  test('is good although the clock was set back by an hour since', async () => {
    const scene = createScene()
    scene.seconds = 3600
    await scene.check()
    await scene.check({ kid: 'made-up' })
    scene.seconds = 0
    await scene.server.rotateKeys('key-2')
    expect(await scene.check()).toBeUndefined()
  })
})

describe('a signature that is not the server’s', () => {
  test('is wrong by keys that have just been fetched, which are not fetched twice', async () => {
    const scene = createScene()
    await expect(scene.checkForged()).rejects.toMatchObject(wrong)
    expect(scene.fetches()).toBe(1)
  })

  test('is wrong by the known keys and by the newest', async () => {
    const scene = createScene()
    await scene.check()
    await expect(scene.checkForged()).rejects.toMatchObject(wrong)
    expect(scene.fetches()).toBe(2)
  })

  test('stays wrong while newer keys are out of reach', async () => {
    const scene = createScene()
    await scene.check()
    scene.server.hostile.jwks = () => HttpResponse.error()
    await expect(scene.checkForged()).rejects.toMatchObject(wrong)
    await expect(scene.checkForged()).rejects.toMatchObject(wrong)
    expect(scene.fetches()).toBe(2)
  })

  test('of a name that nobody publishes has no key, after one fetch', async () => {
    const scene = createScene()
    expect(await scene.check({ kid: 'made-up' })).toEqual(noKeyFits)
    expect(scene.fetches()).toBe(1)
  })

  test('costs the server a fetch every ten seconds, however many come: sixty a minute cost six', async () => {
    const scene = createScene()
    await scene.check()
    for (scene.seconds = 1; scene.seconds <= 60; scene.seconds++)
      expect(await scene.check({ kid: `made-up-${String(scene.seconds)}` })).toEqual(
        scene.seconds % 10 === 1 ? noKeyFits : unavailable,
      )
    expect(scene.fetches()).toBe(1 + 6)
  })

  test('costs one fetch for fifty at the same time, those among them that are wrong included', async () => {
    const scene = createScene()
    await scene.check()
    await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        index % 2 ? scene.checkForged() : scene.check({ kid: `made-up-${String(index)}` }),
      ),
    )
    expect(scene.fetches()).toBe(1 + 1)
  })

  test('delays a real change of keys by ten seconds at most', async () => {
    const scene = createScene()
    await scene.check()
    await scene.check({ kid: 'made-up' })
    await scene.server.rotateKeys('key-2')
    scene.seconds = 9
    expect(await scene.check()).toEqual(unavailable)
    scene.seconds = 10
    expect(await scene.check()).toBeUndefined()
    expect(scene.fetches()).toBe(3)
  })

  test('does not cost the known keys while newer ones are out of reach', async () => {
    const scene = createScene()
    await scene.check()
    scene.server.hostile.jwks = () => new HttpResponse(null, { status: 503 })
    scene.seconds = 100
    expect(await scene.check({ kid: 'made-up' })).toEqual(unavailable)
    expect(await scene.check()).toBeUndefined()
    expect(scene.fetches()).toBe(2)
  })
})

describe('keys that are out of reach', () => {
  test('because no page may read them leave the sentence that says what to change', async () => {
    const scene = createScene()
    const blocked = () => Promise.reject(new NetworkError('Use a backend.', { recovery: 'configure' }))
    expect(await scene.check({}, scene.server.sign, blocked)).toMatchObject({
      code: 'provider_unavailable',
      message: 'Use a backend.',
      recovery: 'configure',
    })
  })

  test.each<[string, () => Response]>([
    ['offline', () => HttpResponse.error()],
    ['status 503', () => HttpResponse.json({ keys: [] }, { status: 503 })],
    ['status 429', () => new HttpResponse(null, { status: 429 })],
    ['HTML', () => HttpResponse.html('<html></html>')],
    ['no key set', () => HttpResponse.json({ keys: 'none' })],
    ['no JSON', () => HttpResponse.text('{', { headers: { 'content-type': 'application/json' } })],
    ['a redirect', () => HttpResponse.redirect('https://evil.example/', 302)],
    ['more than a mebibyte', () => HttpResponse.json({ keys: [], filler: 'x'.repeat(1_048_576) })],
  ])('(%s) leave a signature unchecked, and are asked for by the next', async (_name, answer) => {
    const scene = createScene()
    scene.server.hostile.jwks = answer
    expect(await scene.check()).toEqual(unavailable)
    expect(await scene.check()).toEqual(unavailable)
    expect(scene.fetches()).toBe(2)
    delete scene.server.hostile.jwks
    expect(await scene.check()).toBeUndefined()
  })

  test('because they do not come in time leave a signature unchecked', async () => {
    const scene = createScene()
    const late = () => Promise.reject(new DOMException('The operation timed out.', 'TimeoutError'))
    expect(await scene.check({}, scene.server.sign, late)).toEqual(unavailable)
  })
})
