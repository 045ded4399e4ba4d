import { describe, expect, test } from 'vitest'
import { buildCodeRequest } from '../../src/protocol/code-request.js'

describe('an authorization code request', () => {
  const request = {
    clientId: 'my-client',
    redirectUri: 'https://app.example/callback',
    scope: 'openid accounts',
    state: 's'.repeat(43),
    nonce: 'n'.repeat(43),
    codeChallenge: 'c'.repeat(43),
  }

  test('holds the parameters of RFC 6749 §4.1.1, RFC 7636 §4.3 and OpenID Connect, in one order', () => {
    expect(Object.entries(buildCodeRequest(request))).toEqual([
      ['response_type', 'code'],
      ['client_id', 'my-client'],
      ['redirect_uri', 'https://app.example/callback'],
      ['scope', 'openid accounts'],
      ['state', 's'.repeat(43)],
      ['nonce', 'n'.repeat(43)],
      ['code_challenge', 'c'.repeat(43)],
      ['code_challenge_method', 'S256'],
    ])
  })

  test('has no nonce where there is none', () => {
    expect(Object.keys(buildCodeRequest({ ...request, nonce: undefined }))).not.toContain('nonce')
  })

  test('leaves out the method, and nothing else, for a server that does not know it', () => {
    const { code_challenge_method: method, ...rest } = buildCodeRequest(request)
    expect(method).toBe('S256')
    expect(buildCodeRequest(request, 'omitted')).toEqual(rest)
  })

  test('takes nothing else of what it is given', () => {
    const given = { ...request, codeChallengeMethod: 'omitted', request_uri: 'urn:x' }
    expect(buildCodeRequest(given)).toEqual(buildCodeRequest(request))
  })
})
