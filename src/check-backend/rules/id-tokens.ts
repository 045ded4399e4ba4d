import { expect, member, type Outcomes } from '../harness/expectations.js'
import type { IdTokenFault } from '../harness/provider/id-tokens.js'
import type { Rules, UnnamedRule } from '../rule.js'
import { checkAuthorizationUrl, checkConnection } from './checks.js'

/** A rule about ID Tokens with a fault: no connection is made of any. */
const refuses = (sent: string, why: string, section: string, ...faults: IdTokenFault[]): UnnamedRule => ({
  sent,
  why,
  section: `OpenID Connect Core ${section}`,
  explainedBy: 'id-token-missing',
  trouble: { asks: 'openid code', cases: () => faults.map((idToken) => [[{ idToken }], 'provider_error']) },
})

const askedChecks = { acr_values: 'phr phrh', max_age: 600 }

const malformedChecks: readonly object[] = [
  { acr_values: '' },
  { acr_values: 'a"b' },
  { acr_values: ['phr'] },
  { max_age: -1 },
  { max_age: 1.5 },
  { max_age: '600' },
]

/** Claims of an ID Token, and what the page gets. */
function confirmations(): readonly (readonly [claims: Record<string, string | number>, page: Outcomes])[] {
  const now = Math.floor(Date.now() / 1000)
  return [
    [{}, 'provider_error'],
    [{ acr: 'pwd', auth_time: now }, 'provider_error'],
    [{ acr: 'phr', auth_time: now - 7200 }, 'provider_error'],
    [{ acr: 'phr', auth_time: now }, 200],
  ]
}

/** The person at the provider, whom an ID Token names. */
export const idTokenRules: Rules = {
  'id-token': {
    sent: 'a whole flow with the OpenID provider',
    why: 'The nonce binds the ID Token to the request of this page.',
    section: 'OpenID Connect Core §3.1.2.1, §3.1.3.7',
    explainedBy: 'authorization',
    async run(scene) {
      const attempt = scene.attempt('openid')
      const answer = await scene.ask(scene.authorization(attempt.body, {}, 'openid'), 201)
      const url = String(member(answer, 'authorization_url'))
      checkAuthorizationUrl(url, attempt, scene.provider.issuer)
      const scope = new URL(url).searchParams.get('scope') ?? ''
      expect(scope.split(' ').includes('openid'), 'authorization_url does not ask for openid')
      const proof = scene.consent(answer, attempt, 'openid')
      const done = await scene.ask(scene.token(proof, {}, 'openid'), 200)
      checkConnection(scene, member(done, 'connection'), 'openid')
    },
  },
  'nonce-missing': {
    sent: 'an authorization request without a nonce, and with one that is too short',
    why: 'Without it an ID Token could have been issued for anybody.',
    section: 'OpenID Connect Core §15.5.2; contract, nonce',
    refuses: (scene) => [undefined, 'short'].map((nonce) => scene.authorization({ nonce }, {}, 'openid')),
    refusal: 'invalid_request',
  },
  'id-token-missing': refuses(
    'a code for which no ID Token comes',
    'Nothing says who has connected, although the backend has asked.',
    '§3.1.3.3',
    'absent',
  ),
  'id-token-signature': {
    // From the token endpoint over TLS, the connection may stand for the signature.
    tier: 'hardening',
    ...refuses(
      'a code for which an ID Token comes that another key has signed',
      'Anybody can write an ID Token; only the provider can sign it.',
      '§3.1.3.7, item 6',
      'foreign key',
    ),
  },
  'id-token-issuer': refuses(
    'a code for which the ID Token of another issuer comes',
    'The same sub is another person elsewhere.',
    '§3.1.3.7',
    { claims: { iss: 'https://evil.example' } },
  ),
  'id-token-audience': refuses(
    'a code for which an ID Token comes that is for another client, or for several',
    'Another app could have received it, and passed it on.',
    '§3.1.3.7',
    { claims: { aud: 'another-client' } },
    { claims: { aud: ['another-client', 'a-third'] } },
  ),
  'id-token-nonce': refuses(
    'a code for which an ID Token comes with another nonce',
    'It was issued for another request, perhaps of another person: the code was injected.',
    '§3.1.3.7, RFC 9700 §4.5.3.2',
    { claims: { nonce: 'another-nonce' } },
  ),
  'id-token-expired': refuses(
    'a code for which an ID Token comes that has expired',
    'An old one may have been stolen.',
    '§3.1.3.7',
    { claims: { iat: 1_700_000_000, exp: 1_700_000_300 } },
  ),
  'asked-checks': {
    sent: 'acr_values and max_age: malformed, without a nonce, and such that the ID Token confirms and contradicts them; or a refusal of both',
    why: 'A page must not take for done what nobody has checked.',
    section: 'RFC 9470 §4, OpenID Connect Core §3.1.2.1',
    explainedBy: 'id-token-missing',
    refuses: (scene) => [
      ...malformedChecks.map((asked) =>
        scene.authorization({ ...scene.attempt('openid').body, ...asked }, {}, 'openid'),
      ),
      scene.authorization(askedChecks),
    ],
    refusal: 'invalid_request',
    async run(scene) {
      const attempt = scene.attempt('openid')
      const request = scene.authorization({ ...attempt.body, ...askedChecks }, {}, 'openid')
      const answer = await scene.ask(request, [201, 'invalid_request'])
      // It cannot have them confirmed, and says so.
      if (answer.status !== 201) return
      const url = String(member(answer, 'authorization_url'))
      checkAuthorizationUrl(url, attempt, scene.provider.issuer)
      const { searchParams } = new URL(url)
      for (const [name, value] of Object.entries(askedChecks))
        expect(
          searchParams.get(name) === String(value),
          `authorization_url has another ${name} than was asked for`,
        )
      for (const [claims, outcome] of confirmations()) {
        const proof = await scene.begin({ at: 'openid', body: askedChecks })
        scene.provider.next('token', { idToken: { claims } })
        await scene.ask(scene.token(proof, {}, 'openid'), outcome)
      }
    },
  },
  'other-person': {
    sent: 'a renewal in which another person signs in at the provider',
    why: "Nobody's data is taken for somebody else's: the connection stays as it was.",
    section: 'contract, connection',
    explainedBy: 'id-token-missing',
    async run(scene) {
      const id = await scene.connect({ at: 'openid' })
      const proof = await scene.begin({ at: 'openid', body: { connection: id }, person: 'person-2' })
      await scene.ask(scene.token(proof, {}, 'openid'), 'other_person')
      await scene.ask(scene.accessToken(id), 200)
    },
  },
  'refresh-person': {
    sent: 'a refresh for which the ID Token of another person comes',
    why: "Nobody's data is taken for somebody else's.",
    section: 'OpenID Connect Core §12.2; contract, connection',
    explainedBy: 'id-token-missing',
    trouble: {
      asks: 'openid refresh',
      cases: () => [[[{ idToken: { claims: { sub: 'person-2' } } }], 'reauthorization_required']],
    },
  },
}
