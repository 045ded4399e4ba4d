import { HttpResponse } from 'msw'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { TokenEndpointError } from '../../src/protocol/errors.js'
import { pushAuthorizationRequest } from '../../src/protocol/pushed-authorization.js'
import { refreshTokens } from '../../src/protocol/refresh-tokens.js'
import { redeemCode } from '../support/redeem-code.js'
import * as oauth from 'oauth4webapi'
import { openScenes } from './support/scene.js'

const openScene = openScenes()

const failure = async (work: Promise<unknown>): Promise<TokenEndpointError> => {
  const error: unknown = await work.catch((thrown: unknown) => thrown)
  if (!(error instanceof TokenEndpointError))
    throw new Error(`no error of a token endpoint: ${String(error)}`)
  return error
}

/** The error of a code exchange that the server refuses. */
async function refused(error: string, description?: (form: URLSearchParams) => string) {
  const { server, endpoint, grant } = await openScene()
  server.hostile.token = (form) =>
    HttpResponse.json(
      { error, ...(description && { error_description: description(form) }) },
      { status: 400 },
    )
  return { grant, thrown: await failure(redeemCode(endpoint, grant)) }
}

describe('an error of the token endpoint', () => {
  test('has error, status and errorDescription', async () => {
    const { thrown } = await refused('invalid_grant', () => 'The code is older than a minute.')
    expect(thrown).toMatchObject({ code: 'token_error', error: 'invalid_grant', status: 400 })
    expect(thrown.errorDescription).toBe('The code is older than a minute.')
  })

  test('keeps the description out of what is stored, logged or sent on', async () => {
    const { thrown } = await refused('invalid_grant', () => 'Words of the server.')
    for (const copy of [JSON.stringify(thrown), inspect(thrown), JSON.stringify(Object.assign({}, thrown))])
      expect(copy).not.toContain('Words of the server.')
    expect(Object.keys(thrown)).not.toContain('errorDescription')
    expect(structuredClone(thrown)).not.toHaveProperty('errorDescription')
  })

  test('has no value of the request in it', async () => {
    const { grant, thrown } = await refused(
      'invalid_request',
      (form) =>
        `Got ${String(form)}, that is ${[...form].map(([name, value]) => `${name}: ${value}`).join('; ')}.`,
    )
    expect(thrown.errorDescription).toMatch(/^Got .*grant_type=authorization_code&/)
    for (const value of [grant.code, grant.codeVerifier, grant.redirectUri, 'client-1'])
      expect(thrown.errorDescription).not.toContain(value)
    expect(thrown.errorDescription).not.toContain(encodeURIComponent(grant.redirectUri))
    expect(thrown.errorDescription).toContain('code: …;')
  })

  test('has no credentials of the client in it', async () => {
    const { server, endpoint, grant } = await openScene()
    const secret = 'a secret: with a colon & more'
    server.hostile.token = () =>
      HttpResponse.json(
        {
          error: 'invalid_client',
          error_description: `${server.requests.token.at(-1)?.headers.get('authorization') ?? ''} is ${secret}`,
        },
        { status: 401 },
      )
    const authentication = oauth.ClientSecretBasic(secret)
    const { errorDescription } = await failure(redeemCode({ ...endpoint, authentication }, grant))
    expect(errorDescription).toMatch(/^Basic … is /)
    expect(errorDescription).not.toContain('colon')
  })

  test('has no refresh token in it', async () => {
    const { server, endpoint } = await openScene()
    server.hostile.token = (form) =>
      HttpResponse.json(
        { error: 'invalid_grant', error_description: `Unknown: ${form.get('refresh_token') ?? ''}` },
        { status: 400 },
      )
    const thrown = await failure(refreshTokens(endpoint, 'a-refresh-token-of-the-person'))
    expect(thrown.errorDescription).toBe('Unknown: …')
  })

  test('is cut to a length that can be shown, without control characters', async () => {
    const { thrown } = await refused('invalid_grant', () => `a\r\nb${'x'.repeat(2000)}`)
    expect(thrown.errorDescription).toMatch(/^a {2}bx+$/)
    expect(thrown.errorDescription).toHaveLength(1024)
  })

  test.each([7, null, {}])('has none where it is %j', async (error_description) => {
    const { server, endpoint, grant } = await openScene()
    server.hostile.token = () =>
      HttpResponse.json({ error: 'invalid_grant', error_description }, { status: 400 })
    expect(await failure(redeemCode(endpoint, grant))).not.toHaveProperty('errorDescription')
  })

  test.each([
    ['invalid_client', /client id and its authentication/],
    ['unauthorized_client', /authorization_code and refresh_token/],
    ['unsupported_grant_type', /right server/],
    ['invalid_scope', /`scope`/],
    ['invalid_target', /resource/],
    ['invalid_dpop_proof', /`dpop`/],
    ['use_dpop_nonce', /DPoP-Nonce in Access-Control-Expose-Headers/],
  ])('%s is for a developer, and its sentence says what to compare', async (error, sentence) => {
    const { thrown } = await refused(error)
    expect(thrown).toMatchObject({ error, recovery: 'configure' })
    expect(thrown.message).toMatch(sentence)
    expect(thrown.message).not.toContain('authorize()')
  })

  test.each(['invalid_grant', 'invalid_request', 'a_word_of_its_own'])('%s is begun again', async (error) => {
    const { thrown } = await refused(error)
    expect(thrown).toMatchObject({ error, recovery: 'authorize' })
    expect(thrown.message).toContain('authorize()')
  })
})

test('a DPoP nonce that the page cannot read is asked for once, and then for a developer', async () => {
  const { server, endpoint, grant } = await openScene()
  // As without Access-Control-Expose-Headers: the header is there, and nobody sees it.
  server.hostile.token = () => HttpResponse.json({ error: 'use_dpop_nonce' }, { status: 400 })
  const dpop = oauth.DPoP({ client_id: 'client-1' } as oauth.Client, await oauth.generateKeyPair('ES256'))
  expect(await failure(redeemCode({ ...endpoint, dpop }, grant))).toMatchObject({
    error: 'use_dpop_nonce',
    recovery: 'configure',
  })
  expect(server.requests.token).toHaveLength(2)
})

test('a refused pushed authorization request says why, without the values that were sent', async () => {
  const { endpoint } = await openScene()
  const server = { ...endpoint.server, pushed_authorization_request_endpoint: 'https://as.example/par' }
  const fetch = (_url: string, { body }: RequestInit) =>
    Promise.resolve(
      Response.json(
        {
          error: 'invalid_request',
          error_description: `No such hint: ${(body as URLSearchParams).get('login_hint') ?? ''}`,
        },
        { status: 400 },
      ),
    )
  const pushed = pushAuthorizationRequest({ ...endpoint, server, fetch }, { login_hint: 'robin@example.com' })
  const thrown = await failure(pushed)
  expect(thrown).toMatchObject({ error: 'invalid_request', recovery: 'configure' })
  expect(thrown.errorDescription).toBe('No such hint: …')
})
