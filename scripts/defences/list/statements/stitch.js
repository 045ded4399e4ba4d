// What docs/providers/stitch.md states: each removal turns a test red that cites the number. Most stop no attack of docs/security.md.
import { removal } from '../../removal.js'

export const stitch = [
  removal(
    'Stitch’s authorization endpoint',
    [],
    [
      {
        file: 'providers/stitch/facts.ts',
        text: "'https://secure.stitch.money/connect/authorize'",
        by: "'https://secure.stitch.money/authorize'",
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 2: goes to Stitch’s own endpoints unless told otherwise',
  ),
  removal(
    'Stitch’s token endpoint',
    [],
    [
      {
        file: 'providers/stitch/facts.ts',
        text: "'https://secure.stitch.money/connect/token'",
        by: "'https://secure.stitch.money/token'",
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 2, 23, 34: sends code and refresh token to Stitch’s own token endpoint unless told otherwise',
  ),
  removal(
    'the sixty days of a refresh token',
    [],
    [
      {
        file: 'providers/stitch/facts.ts',
        text: 'refreshTokenSlidingSeconds = 5_184_000',
        by: 'refreshTokenSlidingSeconds = 5_184',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 36: tells by when a connection must be used, two months from its last use, two years in all',
  ),
  removal(
    'the secret in the form',
    [],
    [
      {
        file: 'providers/stitch/backend.ts',
        text: 'oauth.ClientSecretPost(',
        by: 'oauth.ClientSecretBasic(',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 23: sends a secret in the form where the client has one',
  ),
  removal(
    'the difference between a query and a mutation',
    [],
    [{ file: 'providers/stitch/graphql.ts', text: ' && !/\\bmutation\\b/.test(query)', by: '' }],
    'providers/stitch/stitch.test.ts',
    'stitch 33: does not send a mutation twice',
  ),
  removal(
    'the claims that the page is told',
    [],
    [
      {
        file: 'providers/stitch/backend.ts',
        text: 'details: pickClaims(tokens.claims, options.details),',
        by: 'details: {},',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 28: accepts an ID Token with the documented claims, and tells the page those it is told to',
  ),
  removal(
    'the demand for an issuer',
    [],
    [
      {
        file: 'providers/stitch/backend.ts',
        text: 'if (options.issuer === undefined && !withoutIssuer.includes(options.idToken)) {',
        by: 'if (false) {',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 30: wants to be told the issuer, or that nobody knows it',
  ),
  removal(
    'the check for openid at the backend',
    [],
    [{ file: 'providers/stitch/backend.ts', text: "  checkOpenidScope('Stitch', options.scope)\n", by: '' }],
    'providers/stitch/stitch.test.ts',
    'stitch 6: must hold openid, on both sides',
  ),
  removal(
    'the name of the challenge’s method',
    [],
    [{ file: 'protocol/code-request.ts', text: "codeChallengeMethod === 'S256' && {", by: 'false && {' }],
    'providers/stitch/stitch.test.ts',
    'stitch 5, 7, 12: names the client, asks for a code, and says S256',
  ),
  removal(
    'the audience of the client assertion',
    [],
    [
      {
        file: 'providers/stitch/backend.ts',
        text: 'assertionAudience: audience = tokenEndpoint',
        by: 'assertionAudience: audience = options.clientId',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 23, 40: authenticates by an assertion that a standard library verifies',
  ),
  removal(
    'the origin of an interaction',
    [],
    [
      {
        file: 'providers/stitch/interaction.ts',
        text: 'if (url?.origin !== new URL(authorizationEndpoint).origin) return undefined',
        by: 'if (!url) return undefined',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 37: is at the configured authorization endpoint’s origin where that is another',
  ),
  removal(
    'the nonce of the request',
    [],
    [{ file: 'protocol/code-request.ts', text: '...(nonce !== undefined && { nonce }),', by: '' }],
    'providers/stitch/stitch.test.ts',
    'stitch 9, 10, 16: carries a nonce and a state of 32 random bytes each, new every time',
  ),
  removal(
    'session_state taken out of the address',
    [],
    [
      {
        file: 'core/callback/capture.ts',
        text: 'scope session_state access_token',
        by: 'scope access_token',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 20: leaves neither session_state nor anything else of the answer in the address',
  ),
  removal(
    'a bare state as a person who cancelled',
    [],
    [{ file: 'providers/stitch/preset.ts', text: '    cancelsWithoutCode: true,\n', by: '' }],
    'providers/stitch/stitch.test.ts',
    'stitch 21: with nothing but the state is a person who cancelled',
  ),
  removal(
    'the code as what tokens are given for',
    [],
    [{ file: 'protocol/token-endpoint.ts', text: "'authorization_code', {", by: "'password', {" }],
    'providers/stitch/stitch.test.ts',
    'stitch 1: sends the person for a code, and the code for tokens',
  ),
  removal(
    'spaces as %20, at Stitch',
    [],
    [
      {
        file: 'protocol/authorization-request.ts',
        text: "url.search = url.search.replace(/\\+/g, '%20')\n",
        by: '',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 3: encodes every value, spaces as %20',
  ),
  removal(
    'the scope that was granted',
    [],
    [{ file: 'core/channel/backend.ts', text: 'grantedScope: parseScope(scope),', by: 'grantedScope: [],' }],
    'providers/stitch/stitch.test.ts',
    'stitch 4: connects with the scope of the tutorial, and reads accounts and balances',
  ),
  removal(
    'the exact redirect URI',
    [],
    [
      {
        file: 'backend/flow/begin.ts',
        text: '(uri) => uri === value',
        by: '(uri) => uri.startsWith(String(value))',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 8: names a redirect URI of the backend’s own list, letter by letter',
  ),
  removal(
    'the hash of the verifier',
    [],
    [
      {
        file: 'protocol/pkce.ts',
        text: 'Promise<string> = sha256',
        by: 'Promise<string> = (verifier) => Promise.resolve(verifier)',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 11, 13: carries the challenge of a verifier that is new every time and stays here',
  ),
  removal(
    'a new verifier each time, at Stitch',
    [],
    [
      {
        file: 'protocol/pkce.ts',
        text: 'export const createCodeVerifier: (bytes?: RandomBytes) => string = randomValue',
        by: "export const createCodeVerifier: (bytes?: RandomBytes) => string = () => 'v'.repeat(43)",
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 11, 13: carries the challenge of a verifier that is new every time and stays here',
  ),
  removal(
    'SHA-256 as the hash',
    [],
    [
      {
        file: 'protocol/pkce.ts',
        text: 'Promise<string> = sha256',
        by: 'Promise<string> = (verifier) => sha256(`${verifier}=`)',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 14: makes the documented challenge of the documented verifier',
  ),
  removal(
    'the nonce under the state',
    [],
    [{ file: 'core/authorize/begin.ts', text: '[key]: left,', by: '[key]: { ...left, nonce: undefined },' }],
    'providers/stitch/stitch.test.ts',
    'stitch 15, 22: keeps verifier, nonce and redirect URI under the state',
  ),
  removal(
    'the scope in the request, at Stitch',
    [],
    [{ file: 'protocol/code-request.ts', text: '    scope,\n    state,', by: '    state,' }],
    'providers/stitch/stitch.test.ts',
    'stitch 17: holds exactly the documented parameters, whose order means nothing',
  ),
  removal(
    'the encoded form as where the person is sent',
    [],
    [
      {
        file: 'protocol/authorization-request.ts',
        text: 'refuse(name)\n  }\n  return url.href',
        by: 'refuse(name)\n  }\n  return String(value)',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 18: reads both forms of the documented URL alike',
  ),
  removal(
    'the answer in the fragment',
    [],
    [{ file: 'core/callback/capture.ts', text: 'isTaken(fragment)]', by: 'false]' }],
    'providers/stitch/stitch.test.ts',
    'stitch 19: is read from the query, and from the fragment where the answer is there',
  ),
  removal(
    'the redirect URI of the first step',
    [],
    [{ file: 'protocol/token-endpoint.ts', text: 'redirect_uri: grant.redirectUri,', by: '' }],
    'providers/stitch/stitch.test.ts',
    'stitch 22, 23: holds exactly what is documented, with the redirect URI of the first step',
  ),
  removal(
    'what a spent code means',
    [],
    [
      {
        file: 'backend/http/to-refusal.ts',
        text: "if (error === 'invalid_grant') return new Refusal('invalid_grant', { reason })\n",
        by: '',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 24: says how to go on when the code has been used by somebody else',
  ),
  removal(
    'the refresh token kept from the page',
    [],
    [
      {
        file: 'backend/flow/redemption.ts',
        text: 'return { connection, ...(await',
        by: 'return { connection, refresh_token: record.tokens?.refreshToken, ...(await',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 25, 39: gives the page a bearer token that lives for its expires_in',
  ),
  removal(
    'scope as a set',
    [],
    [
      {
        file: 'protocol/missing-scope.ts',
        text: '(value) => !shown.includes(value)',
        by: '(value, index) => value !== shown[index]',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 27: takes the granted scope as a set',
  ),
  removal(
    'at_hash',
    [],
    [{ file: 'protocol/id-token.ts', text: 'atHash !== undefined && atHash', by: 'false && atHash' }],
    'providers/stitch/stitch.test.ts',
    'stitch 29: refuses an ID Token with another at_hash',
  ),
  removal(
    's_hash',
    [],
    [{ file: 'protocol/id-token.ts', text: 'sHash !== undefined &&', by: 'false &&' }],
    'providers/stitch/stitch.test.ts',
    'stitch 29: refuses an ID Token with another s_hash',
  ),
  removal(
    'half of the hash',
    [],
    [{ file: 'protocol/id-token.ts', text: 'hash.length / 2', by: 'hash.length' }],
    'providers/stitch/stitch.test.ts',
    'stitch 29: hashes abc as the documented ID Tokens do',
  ),
  removal(
    'no cookies for the API',
    [],
    [
      {
        file: 'core/channel/authorized-fetch.ts',
        text: "credentials: 'omit',",
        by: "credentials: 'include',",
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 31: gets no cookies unless the app says so, and no token goes elsewhere',
  ),
  removal(
    'the app’s own body',
    [],
    [
      {
        file: 'core/channel/authorized-fetch.ts',
        text: '      ...init,\n',
        by: '      ...init,\n      body: null,\n',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 31, 32: is asked below its base with the bearer token and the body as it is',
  ),
  removal(
    'the person of a refreshed ID Token',
    [],
    [
      {
        file: 'protocol/id-token.ts',
        text: '|| (expected.subject !== undefined && sub !== expected.subject)',
        by: '',
      },
      {
        file: 'backend/connections/refresh.ts',
        text: 'grant?.sub === undefined || grant.sub === sub',
        by: 'grant?.sub === undefined || true',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 38: refuses an ID Token of another person',
  ),
  removal(
    'the last seconds of a token, at Stitch',
    [],
    [
      {
        file: 'core/connections/access-token.ts',
        text: 'token.expiresAt - platform.clock.now() < 5',
        by: 'token.expiresAt - platform.clock.now() < 0',
      },
      { file: 'backend/connections/good-tokens.ts', text: 'marginSeconds = 10', by: 'marginSeconds = 0' },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 39: comes before a token is over',
  ),
  removal(
    'no refresh without a refresh token, at the backend',
    [],
    [
      {
        file: 'backend/connections/refresh.ts',
        text: 'tokens?.refreshToken === undefined || givenUp',
        by: 'givenUp',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 26: is good without a refresh token; the connection ends with the access token',
  ),
  removal(
    'the next refresh token',
    [],
    [
      {
        file: 'backend/connections/refresh.ts',
        text: 'tokens.refreshToken ?? old?.refreshToken',
        by: 'old?.refreshToken ?? tokens.refreshToken',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 35: uses a refresh token once, for however many ask, and the new one next time',
  ),
  removal(
    'what the redirect does not name',
    [],
    [
      {
        file: 'protocol/scope.ts',
        text: 'granted.filter((value) => parseScope(named).includes(value))',
        by: 'granted',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 20: tells no more than the redirect and the token response agree on, in mediated mode',
  ),
  removal(
    'the redirect’s scope after a refresh',
    [],
    [
      {
        file: 'backend/connections/refresh.ts',
        text: 'narrowScope(parseScope(tokens.scope), grantedScope)',
        by: 'parseScope(tokens.scope)',
      },
    ],
    'providers/stitch/stitch.test.ts',
    'stitch 20: tells no more after a refresh, whose response names all again',
  ),
]
