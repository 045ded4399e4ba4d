// What docs/providers/fdx.md states: each removal turns a test red that cites the number. Most stop no attack of docs/security.md.
import { removal } from '../../removal.js'

export const fdx = [
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
    'who takes part in the consent',
    [],
    [{ file: 'providers/fdx/consent.ts', text: "list(body['parties']).flatMap(readParty)", by: '[]' }],
    'providers/fdx/fdx.test.ts',
    'fdx 1: the app is the data recipient, its backend the OAuth client, the provider holds data and consent',
  ),
  removal(
    'the person’s end of the consent',
    [],
    [
      {
        file: 'providers/fdx/end-consent.ts',
        text: 'if (!isConsentId(id))',
        by: 'if (isConsentId(id) || id)',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 2: control and access: the person sees the consent and ends it; transparency: what, how long, who',
  ),
  removal(
    'nothing but client_id and request_uri on the URL',
    [],
    [
      {
        file: 'providers/fdx/backend.ts',
        text: 'scopeOnUrl ? { scope: setup.scope } : {}',
        by: '{ scope: setup.scope }',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 3: pushes the request, and sends nothing but client_id and request_uri through the browser',
  ),
  removal(
    'the algorithms of FAPI 2.0',
    [],
    [
      {
        file: 'providers/fdx/backend.ts',
        text: '...(fapi && { idTokenAlgorithms: fapiAlgorithms }),',
        by: '',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 3: refuses an ID Token signed with RS256',
  ),
  removal(
    'the hour of the discovery document',
    [],
    [
      {
        file: 'protocol/metadata-cache.ts',
        text: 'known && context.now() < known.until',
        by: 'known && context.now() < 0',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 4: takes every address from the discovery document, once an hour',
  ),
  removal(
    'the origins that the app names',
    [],
    [
      {
        file: 'providers/fdx/backend.ts',
        text: 'origins: [new URL(base).origin, ...origins]',
        by: 'origins: [new URL(base).origin]',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 4: takes endpoints on an origin that is named',
  ),
  removal(
    'the certificate alone as authentication',
    [],
    [
      {
        file: 'providers/fdx/backend.ts',
        text: 'oauth.TlsClientAuth()',
        by: "oauth.ClientSecretPost('secret')",
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 5: authenticates at PAR and token endpoint by its certificate alone, at the mTLS aliases',
  ),
  removal(
    'the refusal of a key in a page',
    [],
    [
      { file: 'providers/kit/page/options.ts', text: '  refuseSecrets(options)\n', by: '' },
      { file: 'protocol/options.ts', text: 'refuse(` has no option "${name}".${hint}`)', by: '' },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 5, 6: takes no certificate and no key',
  ),
  removal(
    'the look at certificate and key at start',
    [],
    [{ file: 'backend/node/mtls-fetch.ts', text: '    createSecureContext(options)\n', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 7: refuses a certificate and a key that do not belong together',
  ),
  removal(
    'the scope that the backend has',
    [],
    [
      {
        file: 'backend/flow/begin.ts',
        text: '&& asked.every((one) => parseScope(allowed).includes(one))',
        by: '',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 8: asks for a scope and a redirect URI that the backend has, or a part of the scope',
  ),
  removal(
    '201 as the only yes',
    [],
    [
      {
        file: 'protocol/pushed-authorization.ts',
        text: 'answer.response.status !== 201',
        by: 'answer.response.status >= 300',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 11: takes nothing but 201 for a yes',
  ),
  removal(
    'the lifetime of a request URI',
    [],
    [
      {
        file: 'protocol/pushed-authorization.ts',
        text: "throw malformed('expires_in')",
        by: 'return { requestUri, expiresInSeconds: 60 }',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 11: does not send anybody away with no lifetime in the answer',
  ),
  removal(
    'a broken connection as what passes',
    [],
    [
      {
        file: 'backend/http/to-refusal.ts',
        text: "if (error instanceof NetworkError) return new Refusal('provider_unavailable', { reason: 'no_answer' })\n",
        by: '',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 12: answers a broken connection of the PAR endpoint with an error of the contract',
  ),
  removal(
    'the scope on the URL, for servers that want it',
    [],
    [{ file: 'providers/fdx/backend.ts', text: 'scopeOnUrl ? { scope: setup.scope } : {}', by: '{}' }],
    'providers/fdx/fdx.test.ts',
    'fdx 13: repeats the scope on the authorization URL where it is told to, encoded',
  ),
  removal(
    'the data provider’s address as where the person is sent',
    [],
    [
      {
        file: 'providers/kit/backend/oauth-client.ts',
        text: "(at.server.authorization_endpoint ?? ''",
        by: "(at.server.token_endpoint ?? ''",
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 14: the person is sent to the provider’s own address, and the app asks for no credentials',
  ),
  removal(
    'the quarter of an hour',
    [],
    [{ file: 'backend/flow/begin.ts', text: 'transactionSeconds = 900', by: 'transactionSeconds = 1800' }],
    'providers/fdx/fdx.test.ts',
    'fdx 15: the consent page has a quarter of an hour: a code after 970 seconds is transaction_invalid',
  ),
  removal(
    'the account’s id',
    [],
    [{ file: 'providers/fdx/consent.ts', text: '...(isText(resourceId) && { id: resourceId }),', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 16, 17: accepting leads back with a code, and what was ticked is what the page learns',
  ),
  removal(
    'the verifier in the token request',
    [],
    [{ file: 'protocol/token-endpoint.ts', text: 'code_verifier: grant.codeVerifier,', by: '' }],
    'providers/fdx/fdx.test.ts',
    'fdx 18, 19: is redeemed with client, redirect URI and verifier, over mutual TLS, without a secret',
  ),
  removal(
    'the form of a grant id',
    [],
    [
      {
        file: 'providers/fdx/consent.ts',
        text: "typeof value === 'string' && /^(?!\\.{1,2}$)[\\w.~:-]{1,128}$/.test(value)",
        by: "typeof value === 'string'",
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 20: is refused with the grant_id "../accounts"',
  ),
  removal(
    'bearer in any case of letters',
    [],
    [
      {
        file: 'protocol/token-response.ts',
        text: 'const name = type.toLowerCase()',
        by: 'const name = type',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 20: takes token_type BEARER',
  ),
  removal(
    'the known members of a consent',
    [],
    [
      {
        file: 'providers/fdx/consent.ts',
        text: '  return {\n    id,\n    status,\n',
        by: '  return {\n    ...body,\n    id,\n    status,\n',
      },
    ],
    'providers/fdx/fdx.test.ts',
    'fdx 23: reaches the page as the members that are known, and no more; the token never does',
  ),
]
