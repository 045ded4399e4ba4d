import { expect, member } from '../harness/expectations.js'
import { connectionId } from '../harness/scene.js'
import type { Rules } from '../rule.js'
import { checkAuthorizationUrl, checkConnection, checkTokenType } from './checks.js'

/** The way of a person from the button to the connection. */
export const flowRules: Rules = {
  authorization: {
    sent: 'POST /{provider}/authorization with state, challenge and redirect URI',
    why: 'The page sends people only to a URL that carries its own state and challenge.',
    section: 'RFC 9700 §2.1.1, RFC 7636 §4.3',
    async run(scene) {
      const attempt = scene.attempt()
      const answer = await scene.ask(scene.authorization(attempt.body), 201)
      checkAuthorizationUrl(String(member(answer, 'authorization_url')), attempt, scene.provider.issuer)
      const expiresIn = member(answer, 'expires_in')
      expect(Number.isInteger(expiresIn) && Number(expiresIn) > 0, 'expires_in is not a number of seconds')
      const transaction = member(answer, 'transaction') ?? ''
      const isHandle = typeof transaction === 'string' && transaction.length <= 2048
      expect(isHandle, 'transaction is not a string of at most 2048 characters')
    },
  },
  token: {
    sent: 'POST /{provider}/token with code, state and verifier',
    why: 'The backend redeems the code as a confidential client, and tells the page of the connection.',
    section: 'RFC 10017 §6.2.2',
    async run(scene) {
      const proof = await scene.begin()
      const { result: answer, seen } = await scene.seen('token', () => scene.ask(scene.token(proof), 200))
      expect(seen.length === 1, 'the code was not redeemed by exactly one request')
      checkConnection(scene, member(answer, 'connection'))
      const accessToken = member(answer, 'access_token')
      if (accessToken === undefined) return
      const isIssued = scene.provider.secrets.accessTokens.has(accessToken as string)
      expect(isIssued, 'the provider did not issue this access_token')
      checkTokenType(member(answer, 'token_type'), member(answer, 'expires_in'))
    },
  },
  'missing-scope': {
    sent: 'a flow in which the person grants less than was asked for',
    why: 'The app must learn what it may not do before a request fails.',
    section: 'RFC 6749 §5.1',
    async run(scene) {
      const answer = await scene.ask(scene.token(await scene.begin({ granted: 'accounts' })), 200)
      checkConnection(scene, member(answer, 'connection'))
      const { scope, missing_scope: missing } = Object(member(answer, 'connection')) as Record<
        string,
        unknown
      >
      expect(scope === 'accounts', 'scope is not what was granted')
      expect(missing === 'payments', 'missing_scope is not what was asked for and not granted')
    },
  },
  'response-scope': {
    sent: 'token requests with the scope of the authorization response: less than was granted, and more',
    why: 'What the provider says there takes away from what the app may do, and adds nothing.',
    section: 'contract, scope of POST /{provider}/token',
    explainedBy: 'missing-scope',
    async run(scene) {
      const connect = async (granted: string, scope: string): Promise<string> => {
        const proof = await scene.begin({ granted })
        const answer = await scene.ask(scene.token({ ...proof, scope }), 200)
        const id = connectionId(answer)
        for (const { scope: reported } of [
          member(answer, 'connection') as object,
          ...(await scene.listed(id)),
        ] as {
          readonly scope?: unknown
        }[])
          expect(reported === 'accounts', 'scope is not what both the token response and the response name')
        return id
      }
      await connect('accounts', 'accounts payments')
      const id = await connect('accounts payments', 'accounts')
      await scene.ask(scene.accessToken(id, { rejected: await scene.rejected(id) }), 200)
      const [refreshed] = await scene.listed(id)
      expect(refreshed?.['scope'] === 'accounts', 'after a refresh scope is more than the response named')
    },
  },
  connections: {
    sent: 'GET /connections',
    why: 'The connection outlives the page; the list says what there is, and changes nothing.',
    section: 'RFC 10017 §6.2.2',
    async run(scene) {
      const id = await scene.live()
      const found = await scene.unseen(() => scene.listed(id))
      expect(found.length === 1, 'the connection is not listed exactly once')
      checkConnection(scene, found[0])
    },
  },
  renew: {
    sent: 'a flow with the id of a connection to renew',
    why: 'What the app stores about a connection stays with it.',
    section: 'contract, connection',
    async run(scene) {
      const id = await scene.live()
      const renewed = await scene.connect({ body: { connection: id } })
      expect(renewed === id, 'the renewed connection has another id')
      expect((await scene.listed(id)).length === 1, 'the renewed connection is not listed exactly once')
    },
  },
  disconnect: {
    sent: 'DELETE /connections/{id}, and then to use it',
    why: 'To disconnect is to end the grant at the provider too.',
    section: 'RFC 7009 §2, RFC 9700 §4.14.2',
    async run(scene) {
      const id = await scene.connect()
      const removal = ['DELETE', `/connections/${id}`] as const
      const { result: answer, seen } = await scene.seen('revoke', () => scene.ask(removal, 200))
      expect(seen.length > 0, 'nothing was revoked at the provider')
      expect(member(answer, 'revoked') === true, 'revoked is not true although the provider confirmed it')
      expect((await scene.listed(id)).length === 0, 'it is still listed')
      await scene.ask(scene.accessToken(id), 'unknown_connection')
      await scene.ask(removal, 'unknown_connection')
    },
  },
  'disconnect-unconfirmed': {
    sent: 'DELETE /connections/{id} while the provider fails to revoke',
    why: 'The person has decided: the backend forgets in any case, and says what it could not do.',
    section: 'contract, DELETE /connections/{id}',
    async run(scene) {
      const id = await scene.connect()
      scene.provider.next('revoke', { status: 503 })
      const answer = await scene.ask(['DELETE', `/connections/${id}`], 200)
      expect(member(answer, 'revoked') === false, 'revoked is not false although the provider failed')
      expect((await scene.listed(id)).length === 0, 'it is still listed')
    },
  },
  'disconnect-reason': {
    sent: 'DELETE /connections/{id} while the provider revokes, refuses to, fails, and is away',
    why: 'A page that is told why can tell the person where the grant may live on. A backend may leave it out.',
    section: 'contract, DELETE /connections/{id}',
    explainedBy: 'disconnect-unconfirmed',
    async run(scene) {
      const refused = scene.provider.error(400, 'unsupported_token_type')
      for (const answer of [undefined, refused, { status: 503 }, 'drop'] as const) {
        const id = await scene.connect()
        if (answer) scene.provider.next('revoke', answer)
        const done = await scene.ask(['DELETE', `/connections/${id}`], 200)
        const reason = member(done, 'reason')
        const revoked = member(done, 'revoked') === true
        const known = revoked ? [undefined] : [undefined, 'no_endpoint', 'refused', 'unreachable']
        const wanted = revoked ? 'there although it was revoked' : 'none of no_endpoint, refused, unreachable'
        expect(known.includes(reason as string | undefined), `reason is ${wanted}`)
      }
    },
  },
}
