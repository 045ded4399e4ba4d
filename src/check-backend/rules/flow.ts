import { expect, expectOutcome, member } from '../harness/expectations.js'
import { Mismatch } from '../harness/mismatch.js'
import { connectionId, hashOf, type Attempt, type Scene } from '../harness/scene.js'
import type { Role } from '../options.js'
import type { Rules } from '../rule.js'

/** The delay of an answer of the provider, so that requests made at once meet: milliseconds. */
export const heldMilliseconds = 300

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

/** Tokens that the backend keeps for the page. */
export const refreshRules: Rules = {
  'access-token': {
    sent: 'POST /connections/{id}/access-token, twice',
    why: 'A token that is good is handed out again: ten tabs and a reload cost nothing.',
    section: 'RFC 10017 §6.2.2',
    async run(scene) {
      const request = scene.accessToken(await scene.connect())
      const first = await scene.ask(request, 200)
      checkTokenType(member(first, 'token_type'), member(first, 'expires_in'))
      const second = await scene.unseen(() => scene.ask(request))
      expect(member(first, 'access_token') === member(second, 'access_token'), 'the token changed')
    },
  },
  'access-token-rejected': {
    sent: 'the hash of a token that the API refused, twice',
    why: 'A refused token is replaced once, and not by everybody who held it.',
    section: 'contract, rejected',
    explainedBy: 'access-token',
    async run(scene) {
      const id = await scene.connect()
      const rejected = await scene.rejected(id)
      const request = scene.accessToken(id, { rejected })
      const token = member(await scene.ask(request, 200), 'access_token')
      expect(hashOf(token) !== rejected, 'the refused token came back')
      const second = await scene.unseen(() => scene.ask(request))
      expect(member(second, 'access_token') === token, 'the new token was replaced')
    },
  },
  'refresh-parallel': {
    sent: 'six requests at once that need a refresh',
    why: 'A refresh token used twice is an alarm to the provider, which ends the grant.',
    section: 'RFC 9700 §4.14.2',
    explainedBy: 'access-token',
    async run(scene) {
      const id = await scene.connect()
      const request = scene.accessToken(id, { rejected: await scene.rejected(id) })
      scene.provider.delay('token', heldMilliseconds)
      const { result: answers, seen } = await scene.seen('token', () =>
        Promise.all(Array.from({ length: 6 }, () => scene.ask(request))),
      )
      for (const answer of answers) expectOutcome(answer, 200)
      const requests = String(seen.length)
      expect(seen.length === 1, `the provider received ${requests} refresh requests instead of one`)
      const tokens = new Set(answers.map((answer) => member(answer, 'access_token')))
      expect(tokens.size === 1, 'the answers hold different tokens')
    },
  },
  'refresh-rotated': {
    sent: 'two refreshes, one after the other',
    why: 'The provider replaces refresh tokens: the new one must be kept, the old one is dead.',
    section: 'RFC 9700 §2.2.2',
    async run(scene) {
      const id = await scene.connect()
      for (let time = 0; time < 2; time += 1)
        await scene.ask(scene.accessToken(id, { rejected: await scene.rejected(id) }), 200)
    },
  },
  'refresh-unavailable': {
    sent: 'a refresh that the provider answers with 503, and another',
    why: 'A bad minute at the provider does not end a connection.',
    section: 'contract, provider_unavailable',
    trouble: { asks: 'refresh', cases: () => [[[{ status: 503 }], 'provider_unavailable']], again: 200 },
  },
  'refresh-refused': {
    sent: 'a refresh that the provider refuses with invalid_grant',
    why: 'The person must renew; the connection says so, and is not lost.',
    section: 'RFC 6749 §5.2',
    async run(scene) {
      const id = await scene.connect()
      const rejected = await scene.rejected(id)
      scene.provider.next('token', scene.provider.error(400, 'invalid_grant'))
      const refused = await scene.ask(scene.accessToken(id, { rejected }), 'reauthorization_required')
      expect(member(refused, 'connection') === id, 'the error does not name the connection')
      const [listed] = await scene.listed(id)
      expect(listed?.['status'] === 'reauthorization_required', 'the list does not say so')
      await scene.unseen(() => scene.ask(scene.accessToken(id), 'reauthorization_required'))
    },
  },
  'refresh-lost': {
    sent: 'a refresh whose answer is lost, the same again, and a renewal',
    why: 'The refresh token may be used up: to send it again at once is an alarm. The person can renew; the connection is not lost.',
    section: 'RFC 9700 §4.14.2; contract, one refresh at a time',
    explainedBy: 'renew',
    async run(scene) {
      const id = await scene.connect()
      const request = scene.accessToken(id, { rejected: await scene.rejected(id) })
      scene.provider.next('token', 'lose')
      const { seen } = await scene.seen('token', async () => {
        for (let time = 0; time < 2; time += 1)
          await scene.ask(request, ['reauthorization_required', 'provider_unavailable'])
      })
      expect(seen.length === 1, 'the refresh token was sent again at once')
      expect((await scene.listed(id)).length === 1, 'the connection is not listed any more')
      const renewed = await scene.connect({ body: { connection: id } })
      expect(renewed === id, 'the renewed connection has another id')
      await scene.ask(scene.accessToken(id), 200)
    },
  },
}

function checkTokenType(type: unknown, expiresIn: unknown): void {
  expect(typeof type === 'string' && /^bearer$/i.test(type), 'token_type is not Bearer')
  const seconds = expiresIn ?? 1
  const isLeft = typeof seconds === 'number' && seconds > 0 && seconds <= 3600
  expect(isLeft, 'expires_in is not what is left of the token')
}

/** @throws {Mismatch} for an authorization URL that is not what the page asked for. */
export function checkAuthorizationUrl(value: string, { body }: Attempt, issuer: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined
  const isThere = url?.origin === issuer && url.pathname === '/authorize'
  expect(isThere, `authorization_url does not lead to ${issuer}/authorize`)
  const wanted = { ...body, response_type: 'code', code_challenge_method: 'S256' }
  for (const [name, given] of Object.entries(wanted)) {
    const [seen, second] = url.searchParams.getAll(name)
    expect(seen === given && second === undefined, `authorization_url has another ${name} than was asked for`)
  }
  expect(url.searchParams.get('client_id') !== null, 'authorization_url has no client_id')
  for (const name of ['client_secret', 'client_assertion', 'code_verifier'])
    expect(!url.searchParams.has(name), `authorization_url holds a ${name}`)
}

/** @throws {Mismatch} for anything but a connection document of the provider in that role. */
export function checkConnection({ options }: Scene, value: unknown, role: Role = 'mediated'): void {
  const connection = Object(value) as Record<string, unknown>
  const isText = (name: string): boolean => typeof connection[name] === 'string'
  const isSeconds = (name: string): boolean =>
    Number.isInteger(connection[name]) && Number(connection[name]) > 1e9 && Number(connection[name]) < 1e11
  const isSecondsOrAbsent = (name: string): boolean => connection[name] === undefined || isSeconds(name)
  const checks: Readonly<Record<string, boolean>> = {
    id: isText('id') && /^[\w.~-]{16,200}$/.test(String(connection['id'])),
    provider: connection['provider'] === options.providers[role],
    status: connection['status'] === 'connected',
    scope: isText('scope'),
    missing_scope: isText('missing_scope'),
    created_at: isSeconds('created_at'),
    consent_expires_at: isSecondsOrAbsent('consent_expires_at'),
    renew_by: isSecondsOrAbsent('renew_by'),
    identity: connection['identity'] === undefined || connection['identity'] === 'unproven',
    details: typeof connection['details'] === 'object' && connection['details'] !== null,
  }
  const wrong = Object.keys(checks).filter((name) => checks[name] !== true)
  // The rule `token` is the first to look at one.
  if (wrong.length > 0)
    throw new Mismatch(`the connection's ${wrong.join(', ')} is not as the contract has it`, 'token')
}
