// What docs/providers/apiture.md states: each removal turns a test red that cites the number. Most stop no attack of docs/security.md.
import { removal } from '../../removal.js'

export const apiture = [
  removal(
    'Apiture’s production as the usual environment',
    [],
    [{ file: 'providers/apiture/preset.ts', text: "?? 'production'", by: "?? 'cat'" }],
    'providers/apiture/apiture.test.ts',
    'apiture 6: is production where nothing is said',
  ),
  removal(
    'the path of Apiture’s authorization endpoint',
    [],
    [{ file: 'providers/apiture/preset.ts', text: '}authorize`', by: '}auth`' }],
    'providers/apiture/apiture.test.ts',
    'apiture 9: finds the authorization endpoint below any authority where a backend is the client',
  ),
  removal(
    'the check for openid',
    [],
    [{ file: 'providers/apiture/preset.ts', text: "  checkOpenidScope('Apiture', scope)\n", by: '' }],
    'providers/apiture/apiture.test.ts',
    'apiture 12: must hold openid, on both sides',
  ),
  removal(
    'the ID Token that the app requires',
    [],
    [
      {
        file: 'providers/apiture/preset.ts',
        text: '          idToken,\n',
        by: "          idToken: 'optional',\n",
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 30: insists on an ID Token where the app says that there is one',
  ),
  removal(
    'tokens in storage',
    [],
    [
      {
        file: 'providers/apiture/preset.ts',
        text: '          persistTokens,\n',
        by: '          persistTokens: false,\n',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 35: is of tokens in storage where the app says so',
  ),
  removal(
    'the response type, at Apiture',
    [],
    [{ file: 'protocol/code-request.ts', text: "response_type: 'code',", by: "response_type: 'token'," }],
    'providers/apiture/apiture.test.ts',
    'apiture 14, 16, 17, 18, 19: holds the documented parameters, and the nonce of OpenID',
  ),
  removal(
    'the challenge in the request',
    [],
    [
      {
        file: 'protocol/code-request.ts',
        text: 'code_challenge: codeChallenge,',
        by: 'code_challenge: state,',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 18, 21: sends the challenge, base64url without padding, ahead, and the verifier after it',
  ),
  removal(
    'the code as what is asked for',
    [],
    [{ file: 'protocol/code-request.ts', text: "response_type: 'code',", by: "response_type: 'token'," }],
    'providers/apiture/apiture.test.ts',
    'apiture 1: asks for a code on behalf of a person, and never for a token of its own',
  ),
  removal(
    'a public client at the backend',
    [],
    [{ file: 'providers/apiture/backend.ts', text: 'oauth.None()', by: "oauth.ClientSecretPost('secret')" }],
    'providers/apiture/apiture.test.ts',
    'apiture 2, 3: is public in mediated mode: a client id and nothing to authenticate with',
  ),
  removal(
    'the refusal of a secret in a page',
    [],
    [
      { file: 'providers/kit/page/options.ts', text: '  refuseSecrets(options)\n', by: '' },
      { file: 'protocol/options.ts', text: 'refuse(` has no option "${name}".${hint}`)', by: '' },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 3: takes no clientSecret in a page',
  ),
  removal(
    'the redirect URI of the portal',
    [],
    [
      {
        file: 'protocol/code-request.ts',
        text: 'redirect_uri: redirectUri,',
        by: 'redirect_uri: `${redirectUri}/`,',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 4, 20: names the redirect URI of the portal, letter by letter, in both requests',
  ),
  removal(
    'the endpoint that discovery names',
    [],
    [
      {
        file: 'core/channel/direct.ts',
        text: "const { authorization_endpoint: authorizationEndpoint = '' } = server",
        by: 'const authorizationEndpoint = `${server.issuer}login`',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 5: comes first, and says where everything else is',
  ),
  removal(
    'CAT’s authority',
    [],
    [{ file: 'providers/apiture/facts.ts', text: 'https://cat-oidc.', by: 'https://cat.' }],
    'providers/apiture/apiture.test.ts',
    'apiture 6, 7, 8, 9: asks at the authority of the environment (7, cat)',
  ),
  removal(
    'CAT2’s authority',
    [],
    [{ file: 'providers/apiture/facts.ts', text: 'https://cat2-oidc.', by: 'https://cat2.' }],
    'providers/apiture/apiture.test.ts',
    'apiture 6, 7, 8, 9: asks at the authority of the environment (8, cat2)',
  ),
  removal(
    'the scope of one request',
    [],
    [
      {
        file: 'core/authorize/create-transaction.ts',
        text: 'requestedScope(provider.scope, input.scope)',
        by: 'requestedScope(provider.scope)',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 10: can be less for one request',
  ),
  removal(
    'spaces as %20',
    [],
    [
      {
        file: 'protocol/authorization-request.ts',
        text: "url.search = url.search.replace(/\\+/g, '%20')\n",
        by: '',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 10, 11, 15: goes along as it is configured, with %20 between its values',
  ),
  removal(
    'the scope in the request',
    [],
    [{ file: 'protocol/code-request.ts', text: '    scope,\n    state,', by: '    state,' }],
    'providers/apiture/apiture.test.ts',
    'apiture 10, 11, 15: goes along as it is configured, with %20 between its values',
  ),
  removal(
    'no refresh without a refresh token',
    [],
    [
      {
        file: 'core/channel/direct-refresh.ts',
        text: 'refreshToken === undefined || isGivenUp(trouble, now)',
        by: 'isGivenUp(trouble, now)',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 13: without offline_access lets the person connect again when the token is over',
  ),
  removal(
    'a new verifier each time',
    [],
    [
      {
        file: 'protocol/pkce.ts',
        text: 'export const createCodeVerifier: (bytes?: RandomBytes) => string = randomValue',
        by: "export const createCodeVerifier: (bytes?: RandomBytes) => string = () => 'v'.repeat(43)",
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 14, 22: has a random state and a random verifier of URL-safe characters each time',
  ),
  removal(
    'the bank’s sign-in as where the person is sent',
    [],
    [
      {
        file: 'core/channel/direct.ts',
        text: 'url: buildAuthorizationUrl(authorizationEndpoint, parameters, extra)',
        by: "url: buildAuthorizationUrl(server.token_endpoint ?? '', parameters, extra)",
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 23: leads to the bank’s own sign-in, whose credentials the app never sees',
  ),
  removal(
    'what is left of an attempt that never came back',
    [],
    [
      {
        file: 'core/authorize/expire.ts',
        text: "if (!isTransaction(record) || hasEnded(record) || record.phase === 'prepared') return undefined",
        by: 'if (record) return undefined',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 24: that is refused never comes back; later the app is told so',
  ),
  removal(
    'the answer taken out of the address',
    [],
    [
      {
        file: 'core/callback/capture.ts',
        text: 'for (const name of parameterNames) if (inQuery || !isShared) url.searchParams.delete(name)',
        by: '',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 25: is a redirect with code and state, and becomes a connection',
  ),
  removal(
    'nothing made of a return without an answer',
    [],
    [{ file: 'core/callback/capture.ts', text: 'if (!inQuery && !inFragment) {', by: 'if (false) {' }],
    'providers/apiture/apiture.test.ts',
    'apiture 26: does not come when the person gives up there',
  ),
  removal(
    'the refusal of an unknown state',
    [],
    [{ file: 'core/callback/decide.ts', text: 'return notOurs(response)', by: "return { do: 'nothing' }" }],
    'providers/apiture/apiture.test.ts',
    'apiture 27: with another state stops everything, and the true one still counts',
  ),
  removal(
    'the page as the usual client',
    [],
    [
      {
        file: 'providers/apiture/preset.ts',
        text: "options.mode ?? ('browser' as M)",
        by: "options.mode ?? ('mediated' as M)",
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 28: are the page alone where nothing is said',
  ),
  removal(
    'the redirect URI in the token request',
    [],
    [{ file: 'protocol/token-endpoint.ts', text: 'redirect_uri: grant.redirectUri,', by: '' }],
    'providers/apiture/apiture.test.ts',
    'apiture 29: holds exactly the documented values, as a form',
  ),
  removal(
    'Bearer with a colon',
    [],
    [{ file: 'providers/apiture/facts.ts', text: "['bearer:'] as const", by: '[] as const' }],
    'providers/apiture/apiture.test.ts',
    'apiture 31, 32: takes Bearer with a colon for Bearer in browser mode, and writes the header without',
  ),
  removal(
    'the refusal of another token type',
    [],
    [
      {
        file: 'protocol/token-response.ts',
        text: "bearerAliases.includes(name) ? 'bearer' : undefined",
        by: "bearerAliases.includes(name) ? 'bearer' : 'bearer'",
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 31: refuses a token type that it does not know',
  ),
  removal(
    'Bearer in the header',
    [],
    [
      {
        file: 'core/channel/authorized-fetch.ts',
        text: '`Bearer ${token.value}`',
        by: '`Bearer: ${token.value}`',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 31, 32: takes Bearer with a colon for Bearer in browser mode, and writes the header without',
  ),
  removal(
    'the last seconds of a token',
    [],
    [
      {
        file: 'core/connections/access-token.ts',
        text: 'token.expiresAt - platform.clock.now() < 5',
        by: 'token.expiresAt - platform.clock.now() < 0',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 33: comes before the token is over, and not earlier',
  ),
  removal(
    'the refresh token that stays',
    [],
    [
      {
        file: 'core/channel/direct-refresh.ts',
        text: '(refreshToken ?? previous.refreshToken)',
        by: 'refreshToken',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 34: holds exactly the documented values, and gets none, and goes on with the first',
  ),
  removal(
    'the refresh token that replaces the old one',
    [],
    [
      {
        file: 'core/channel/direct-refresh.ts',
        text: '(refreshToken ?? previous.refreshToken)',
        by: '(previous.refreshToken ?? refreshToken)',
      },
    ],
    'providers/apiture/apiture.test.ts',
    'apiture 34: holds exactly the documented values, and gets a new refresh token, which is used from then on',
  ),
]
