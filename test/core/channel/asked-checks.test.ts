import { createClient, singleUser } from 'countersign/core'
import { direct, oidc, type OidcOptions } from 'countersign/providers'
import { describe, expect, test } from 'vitest'
import { createScene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome, refusal } from '../../support/outcome.js'

const network = openNetwork()

/** Connects at a provider with these options, and gives the page that the person comes back to. */
async function comeBack(options: Partial<OidcOptions>, claims: Record<string, unknown> = {}) {
  const scene = createScene(network)
  scene.server.hostile.claims = (good) => ({ ...good, ...claims })
  const bank = oidc({
    issuer: scene.server.issuer,
    clientId: 'client-1',
    scope: 'openid accounts',
    ...options,
  })
  const open = (address: string) => {
    const page = scene.browser.open(address)
    const { platform } = page
    return { page, client: createClient({ subject: singleUser, providers: { bank }, platform }) }
  }
  const { page, client } = open('/')
  const url = page.leaving()
  void client.authorization('bank').authorizeAsync()
  return open(scene.server.visit(await url))
}

describe('a parameter that asks for a check', () => {
  const now = Math.floor(Date.now() / 1000)

  test.each([
    ['max_age', { max_age: '600' }, { auth_time: undefined }, 'auth_time'],
    ['max_age', { max_age: '600' }, { auth_time: now - 4000 }, 'auth_time'],
    ['acr_values', { acr_values: 'phr phrh' }, { acr: 'pwd' }, 'acr'],
  ])('(%s) is refused where the ID Token does not confirm it', async (_name, parameters, claims, claim) => {
    expect(await refusal(await comeBack({ parameters }, claims))).toEqual({
      code: 'id_token_invalid',
      parameter: claim,
    })
  })

  test('is met where the ID Token confirms it', async () => {
    const parameters = { max_age: '600', acr_values: 'phr phrh' }
    expect(await outcome(await comeBack({ parameters }, { auth_time: now, acr: 'phr' }))).toMatchObject({
      status: 'connected',
    })
  })

  test.each([
    'request_uri',
    'response_mode',
    'nonce',
    'authorization_details',
    'client_secret',
    'claims',
    'id_token_hint',
  ])('or is set by the library (%s) is a mistake, pushed or not', (name) => {
    for (const par of [true, false])
      expect(() => direct({ par, parameters: { [name]: 'x' } })).toThrow(TypeError)
  })
})
