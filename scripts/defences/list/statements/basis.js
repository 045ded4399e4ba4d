// What docs/providers/basis.md states: each removal turns a test red that cites the number. Most stop no attack of docs/security.md.
import { removal } from '../../removal.js'

export const basis = [
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
  removal(
    'the encoding of values',
    [],
    [
      {
        file: 'protocol/authorization-request.ts',
        text: "'%20')\n  return url.href",
        by: "'%20')\n  return decodeURIComponent(url.href)",
      },
    ],
    'providers/basis/basis.test.ts',
    'basis 12: is a URL whose values are encoded',
  ),
  removal(
    'the base64 of the secret',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'const secret = decodeSecret(clientSecret, options.minimumSecretBytes ?? 64)',
        by: 'const secret = new TextEncoder().encode(clientSecret)',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 14: is the base64-decoded secret, not its text',
  ),
  removal(
    'the 64 bytes of a secret',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'options.minimumSecretBytes ?? 64',
        by: 'options.minimumSecretBytes ?? 16',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 14: has the 64 bytes that HS512 asks for, or fewer by name',
  ),
  removal(
    'the EIN without its hyphen',
    [],
    [{ file: 'providers/basis/session-claims.ts', text: "value.replace('-', '')", by: 'value' }],
    'providers/basis/init-token.test.ts',
    'basis 19: writes the EIN 12-3456789 as nine digits',
  ),
  removal(
    'the four claims of a profile',
    [],
    [
      {
        file: 'providers/basis/backend.ts',
        text: 'options.requiredClaims ?? profileClaims',
        by: 'options.requiredClaims ?? []',
      },
    ],
    'providers/basis/init-token.test.ts',
    'basis 23: wants the userEmail, unless it is told that Basis does not',
  ),
  removal(
    'the end of the stored verifier',
    [],
    [{ file: 'core/callback/store-result.ts', text: '[key]: ended,', by: '' }],
    'providers/basis/exchange.test.ts',
    'basis 26: the verifier is stored before the person leaves, and gone when the connection is there',
  ),
  removal(
    'the code taken out of the address',
    [],
    [{ file: 'core/callback/capture.ts', text: "'code state iss ", by: "'state iss " }],
    'providers/basis/exchange.test.ts',
    'basis 27: reads the code from `code`, and takes it out of the address bar',
  ),
  removal(
    'the description of an error',
    [],
    [
      {
        file: 'protocol/authorization-response.ts',
        text: "const errorDescription = cleanDescription(parameters.get('error_description'), [])",
        by: 'const errorDescription: string | undefined = undefined',
      },
    ],
    'providers/basis/errors.test.ts',
    'basis 33, 37: an expired initialization token ends in the documented error, with its description',
  ),
  removal(
    'the hour at Connect',
    [],
    [{ file: 'providers/basis/facts.ts', text: 'transactionSeconds = 3600', by: 'transactionSeconds = 900' }],
    'providers/basis/errors.test.ts',
    'basis 34: with an unregistered redirect URI nobody comes back; after an hour that is known',
  ),
  removal(
    'what an error without a state is',
    [],
    [
      {
        file: 'protocol/authorization-response.ts',
        text: "if (!error || parameters.has('state')) return undefined",
        by: 'if (error) return undefined',
      },
    ],
    'providers/basis/errors.test.ts',
    'basis 35: ends no transaction without the state, or with another',
  ),
  removal(
    'server_error as what passes',
    [],
    [{ file: 'protocol/authorization-response.ts', text: "case 'server_error':\n", by: '' }],
    'providers/basis/errors.test.ts',
    'basis 36: server_error ends in failed with the code temporarily_unavailable',
  ),
  removal(
    'access_denied as what the person wanted',
    [],
    [{ file: 'core/callback/decide.ts', text: "['access_denied', ...deniedErrors]", by: 'deniedErrors' }],
    'providers/basis/errors.test.ts',
    'basis 36: access_denied ends in denied with the code access_denied',
  ),
  removal(
    'the fragment of error_uri',
    [],
    [
      {
        file: 'protocol/authorization-response.ts',
        text: 'parseUrl(uri) ? uri : undefined',
        by: "parseUrl(uri) ? uri.split('#')[0] : undefined",
      },
    ],
    'providers/basis/errors.test.ts',
    'basis 37, 38: keeps the error_uri https://www.ietf.org/archive/id/draft-ietf-oauth-v2-1-11.html#section-4.1.2.1 as it is, fragment included',
  ),
  removal(
    'https for error_uri',
    [],
    [{ file: 'protocol/authorization-response.ts', text: '/^https:/i.test(uri) && ', by: '' }],
    'providers/basis/errors.test.ts',
    'basis 38: gives no link for the error_uri "javascript:alert(1)"',
  ),
  removal(
    'plain http on this machine alone',
    [],
    [
      {
        file: 'protocol/secure-url.ts',
        text: "(url?.protocol === 'http:' && isLoopback(url, resolver))",
        by: "url?.protocol === 'http:'",
      },
    ],
    'providers/basis/errors.test.ts',
    'basis 39: redirect URIs are https, or http on this machine',
  ),
  removal(
    'an error that nobody listens to as a state',
    [],
    [
      {
        file: 'core/callback/decide.ts',
        text: "const outcome = isDenial(error, provider) ? 'denied' : 'failed'\n",
        by: "const outcome = isDenial(error, provider) ? 'denied' : 'failed'\n    void Promise.reject(error)\n",
      },
    ],
    'providers/basis/errors.test.ts',
    'basis 40: an app that ignores the error is not disturbed by it',
  ),
]
