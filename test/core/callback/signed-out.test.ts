import { createClient } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { HttpResponse } from 'msw'
import { describe, expect, test } from 'vitest'
import { createScene, providers, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()

/** Holds the token endpoint's answer back. */
function holdCode({ server }: Scene) {
  let answer = (): void => undefined
  const isHeld = new Promise<void>((resolve) => (answer = resolve))
  const isAsked = new Promise<void>((resolve) => {
    server.hostile.token = async () => {
      resolve()
      await isHeld
      return undefined
    }
  })
  return { isAsked, answer }
}

const hints = ({ server }: Scene) => server.requests.revocation.map(({ form }) => form.get('token_type_hint'))

/** What the page has written of the user, beside the server's metadata and the session. */
const written = async ({ browser }: Scene) =>
  [...(await browser.records()).keys()].filter((key) => /^(transaction|connection|tokens):/.test(key))

describe('a sign-out while the code is at the token endpoint', () => {
  test('lets nothing be stored, and revokes the tokens that come', async () => {
    const scene = createScene(network, { subject: 'anna' })
    const url = await scene.consent()
    const code = holdCode(scene)
    const app = scene.open(url)
    await code.isAsked
    await app.client.signOut()
    code.answer()
    await expect.poll(() => hints(scene)).toEqual(['refresh_token', 'access_token'])
    expect(await written(scene)).toEqual([])
    expect(app.client.callback.get()).toEqual({ status: 'none' })
  })

  test('in another tab lets no stored tokens come back', async () => {
    const scene = createScene(network, { subject: 'anna' })
    const { clientId, issuer = '', scope } = providers.bank
    const bank = oidc({ clientId, issuer, scope, persistTokens: true })
    const open = (page = '/') =>
      createClient({ subject: 'anna', providers: { bank }, platform: scene.browser.open(page).platform })
    const url = await scene.consent()
    const code = holdCode(scene)
    open(url)
    await code.isAsked
    const other = open()
    await until(other.connections, 'ready')
    await other.signOut()
    code.answer()
    await expect.poll(() => hints(scene)).toEqual(['refresh_token', 'access_token'])
    expect(await written(scene)).toEqual([])
  })

  test('in another tab of an app without users is told as a code of which nobody knows', async () => {
    const scene = createScene(network)
    const url = await scene.consent()
    const code = holdCode(scene)
    const app = scene.open(url)
    await code.isAsked
    await scene.open().client.signOut()
    code.answer()
    expect(await until(app.client.callback, 'failed')).toMatchObject({
      error: { code: 'redemption_unknown' },
    })
    expect(await written(scene)).toEqual([])
  })

  test.each<[string, Partial<Scene['server']['hostile']>]>([
    ['a refusal', { tokens: () => ({ error: 'none' }) }],
    ['an answer that cannot be checked', { jwks: () => new HttpResponse(null, { status: 503 }) }],
  ])('lets %s leave no record', async (_name, hostile) => {
    const scene = createScene(network, { subject: 'anna' })
    Object.assign(scene.server.hostile, hostile)
    const url = await scene.consent()
    const code = holdCode(scene)
    const app = scene.open(url)
    await code.isAsked
    await app.client.signOut()
    code.answer()
    await settled()
    await settled()
    expect(await written(scene)).toEqual([])
  })
})
