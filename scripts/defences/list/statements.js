// What the providers' documents state: the statements of docs/providers/*.md that the title cites. Most stop no attack of docs/security.md.
import { removal } from '../removal.js'

export const statements = [
  removal(
    'the address of Connect',
    [],
    [
      {
        file: 'providers/basis/facts.ts',
        text: "'https://connect.development.usebasis.co/oauth'",
        by: "'https://connect.development.usebasis.co/authorize'",
      },
    ],
    'providers/basis/basis.test.ts',
    'basis 3: goes to Connect in development, and elsewhere only when told where',
  ),
  removal(
    'no code_challenge_method at Basis',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: "nonce: undefined }, 'omitted')",
        by: 'nonce: undefined })',
      },
    ],
    'providers/basis/basis.test.ts',
    'basis 9, 10: carries the S256 challenge of the stored verifier, and no code_challenge_method',
  ),
  removal(
    'the kid of the initialization token',
    [],
    [{ file: 'providers/basis/init-token.ts', text: 'kid: clientId, ', by: '' }],
    'providers/basis/init-token.test.ts',
    'basis 13: signs with HS512 and kid = client_id',
  ),
  removal(
    'a reconciliation claim of the initialization token',
    [],
    [
      {
        file: 'providers/basis/session-claims.ts',
        text: "  nativeCompanyId: 'native_company_id',\n",
        by: '',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 15, 17, 18, 20, 21, 22: holds session, profile and reconciliation claims, and no others',
  ),
  removal(
    'the platform in the initialization token',
    [],
    [{ file: 'providers/basis/backend.ts', text: ', platform_id: platformId }', by: ' }' }],
    'providers/basis/init-token.test.ts',
    'basis 16: names the platform that the person chose',
  ),
  removal(
    'the group of a platform',
    [],
    [
      {
        file: 'providers/basis/institutions.ts',
        text: 'textOf(shown) || group, group }',
        by: 'textOf(shown) || group }',
      },
    ],
    'providers/basis/institutions.test.ts',
    'basis 16: the platforms are those of GET /institutions, each with its institution’s name and its input',
  ),
  removal(
    'the lifetime of the initialization token',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'options.initTokenSeconds ?? 600',
        by: 'options.initTokenSeconds ?? 60',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 24: is ten minutes, and the page learns of it',
  ),
  removal(
    'the profile’s id in the details',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'details: { profile_id: profileId } }',
        by: 'details: {} }',
      },
    ],
    'providers/basis/exchange.test.ts',
    'basis 28: tells the page the profile_id as details.profileId',
  ),
  removal(
    'the refusal of another profile at a refresh',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: "if (profileId !== undefined && profileId !== sub) refuseProfile('is for another profile_id')",
        by: '',
      },
    ],
    'providers/basis/exchange.test.ts',
    'basis 29, 31: keeps the profile_id through a refresh that does not repeat it, and refuses another',
  ),
  removal(
    'the usual lifetime of Basis’ access tokens',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'tokens.expiresInSeconds ?? accessTokenSeconds',
        by: 'tokens.expiresInSeconds',
      },
    ],
    'providers/basis/exchange.test.ts',
    'basis 30: an access token is good for 60 minutes when the response does not say',
  ),
  removal(
    'the binding of the route to the own profile',
    [125],
    [
      {
        file: 'providers/basis/backend.ts',
        text: "  bind: { profileId: ({ details }) => details['profile_id'] },\n",
        by: '',
      },
    ],
    'providers/basis/exchange.test.ts',
    'basis 32: in bff mode a connection reads its own profile, and no other',
  ),
  removal(
    'the profile as whom a connection is about',
    [],
    [{ file: 'providers/basis/backend.ts', text: 'sub: profileId, details', by: 'details' }],
    'providers/basis/basis.test.ts',
    'basis 1: a renewal that comes back with another profile connects nothing',
  ),
  removal(
    'the initialization token made at the click alone',
    [],
    [
      {
        file: 'providers/basis/preset.ts',
        text: "    label: 'Basis',\n",
        by: "    label: 'Basis', preparesRemotely: true,\n",
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 25: begins at the click: nothing is signed ahead, and nothing is signed twice',
  ),
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
    [{ file: 'providers/apiture/preset.ts', text: 'options.persistTokens ?? false', by: 'false' }],
    'providers/apiture/apiture.test.ts',
    'apiture 35: is of tokens in storage where the app says so',
  ),
  removal(
    'the end of the consent',
    [],
    [
      {
        file: 'providers/fdx/consent.ts',
        text: "Date.parse(consent?.expirationTime ?? '')",
        by: "Date.parse('')",
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 21: says until when: consent_expires_at is its expirationTime',
  ),
  removal(
    'resourceId as FDX 6 names it',
    [],
    [
      {
        file: 'providers/fdx/consent.ts',
        text: 'id, resourceId = id, dataClusters',
        by: 'id: resourceId, dataClusters',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 21: keeps the names of FDX 6, and addresses only where they are https',
  ),
  removal(
    'what was not granted',
    [],
    [
      {
        file: 'providers/fdx/consent.ts',
        text: 'return missing.length > 0 ?',
        by: 'return missing.length > 99 ?',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 10, 21: what was asked for and not granted is told',
  ),
  removal(
    'rejected as a refusal',
    [],
    [{ file: 'providers/fdx/facts.ts', text: "['rejected'] as const", by: '[] as const' }],
    'providers/fdx/fdx.test.ts',
    'fdx 17: takes rejected for a refusal, beside access_denied',
  ),
  removal(
    'no refresh token kept beside a client’s token',
    [],
    [{ file: 'providers/fdx/end-consent.ts', text: 'if (hasClientToken) return { details }', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 22: is kept as its id alone where the client has a token of its own',
  ),
  removal(
    'the id of the page’s request in those to the data provider',
    [],
    [
      {
        file: 'backend/provider-context.ts',
        text: 'if (!headers.has(correlationHeader)) headers.set(correlationHeader, correlation)',
        by: '',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 21: names the page’s request in every request, and the acting party at the API',
  ),
  removal(
    'the connection’s id as an essential claim',
    [],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: "'mh:con_id': { essential: true, ...(choice",
        by: "'mh:con_id': { ...(choice",
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 14, 20: asks for the institution, for the user’s sub and for the connection’s id',
  ),
  removal(
    'the usual lifetime of data tokens',
    [],
    [{ file: 'providers/moneyhub/facts.ts', text: 'usualTokenSeconds = 7200', by: 'usualTokenSeconds = 60' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 17: uses a data token for two hours where its response does not say how long',
  ),
  removal(
    'a filter of transactions',
    [],
    [{ file: 'providers/moneyhub/options.ts', text: "'categoryId', ", by: '' }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 18: filters transactions by what the Data API knows, and by nothing else',
  ),
  removal(
    'the day of a one-time consent',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: 'oneTimeSeconds = 24 * 3600',
        by: 'oneTimeSeconds = 3600',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 1: lasts a day where nobody says otherwise',
  ),
  removal(
    'the modes of each use case',
    [],
    [
      {
        file: 'providers/moneyhub/preset.ts',
        text: "if (mode !== 'bff' && !(once && mode === 'mediated'))",
        by: 'if (false)',
      },
    ],
    'providers/moneyhub/client.test.ts',
    'moneyhub 16: refuses a mode in which the page would have a token that reads nothing',
  ),
  removal(
    'the institutions that the backend allows',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: 'if (bankIds?.has(choice.bankId) === false)',
        by: 'if (false)',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 14: goes to the institutions that the backend allows',
  ),
  removal(
    'the consent in the request',
    [],
    [
      {
        file: 'providers/moneyhub/authorization-request.ts',
        text: "...(consent && { 'mh:consent'",
        by: "...(false && { 'mh:consent'",
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 6: carries what the consent is to be',
  ),
  removal(
    'PAR as the usual delivery',
    [],
    [
      {
        file: 'providers/moneyhub/options.ts',
        text: "delivery = 'par' } = options",
        by: "delivery = 'request-object' } = options",
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 5, 22: sends the person with a request_uri alone',
  ),
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
    'S256 in the pushed request',
    [],
    [{ file: 'protocol/code-request.ts', text: "codeChallengeMethod === 'S256' && {", by: 'false && {' }],
    'providers/fdx/fdx.test.ts',
    'fdx 18: adds state and S256 to the push, and a nonce with openid',
  ),
  removal(
    'the redirect URI of the pushed request',
    [],
    [{ file: 'protocol/code-request.ts', text: '    redirect_uri: redirectUri,\n', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 9, 10: pushes client, redirect URI, code, and the consent as a JSON array',
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
    'half an hour for the way to the bank',
    [],
    [
      {
        file: 'providers/moneyhub/facts.ts',
        text: 'transactionSeconds = 1800',
        by: 'transactionSeconds = 600',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 7, 8: waits for a person who takes 25 minutes at the bank',
  ),
  removal(
    'the token endpoint as the audience at Moneyhub',
    [],
    [
      {
        file: 'providers/moneyhub/client.ts',
        text: 'assertionAudience: audience = `${issuer}/token` }',
        by: 'assertionAudience: audience = issuer }',
      },
    ],
    'providers/moneyhub/client.test.ts',
    'moneyhub 10, 12: signs a new assertion for every request, for the token endpoint and a minute',
  ),
  removal(
    'the sub of a data token',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: '{ scope: route.scope ?? scope, sub: userOf(data), rejected }',
        by: '{ scope: route.scope ?? scope, rejected }',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 17, 25: reads with a client_credentials token for scope and sub, asked for once',
  ),
  removal(
    'the path of transactions',
    [],
    [{ file: 'providers/moneyhub/options.ts', text: "path: '/transactions'", by: "path: '/transaction'" }],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 3, 18: reads accounts and transactions at the Data API, and nothing else',
  ),
  removal(
    'mh:con_id in the details',
    [],
    [
      {
        file: 'providers/moneyhub/backend.ts',
        text: "details: { 'mh:con_id': connectionId, ...(state",
        by: 'details: { ...(state',
      },
    ],
    'providers/moneyhub/moneyhub.test.ts',
    'moneyhub 16, 26: tells the connection’s id out of the ID Token',
  ),
  removal(
    'the hour at most of an initialization token',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'longestInitTokenSeconds = 3600',
        by: 'longestInitTokenSeconds = 36000',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 24: is the developer’s choice up to an hour',
  ),
  removal(
    'the newer name of init_token',
    [],
    [{ file: 'providers/basis/backend.ts', text: '[initTokenParam]: await', by: 'init_token: await' }],
    'providers/basis/basis.test.ts',
    'basis 11: names the initialization token as the newer documents do, when told to',
  ),
  removal(
    'no parameter that Basis does not document',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'await sign(claims, now()) })',
        by: "await sign(claims, now()), extra: '1' })",
      },
    ],
    'providers/basis/basis.test.ts',
    'basis 2, 4, 5, 6, 7, 8, 9, 11: holds exactly the documented parameters',
  ),
]
