import { sha256 } from '../../protocol/pkce.js'
import type { AuthorizationBody, Bench } from '../harness/bench.js'
import type { Exchange } from '../harness/client.js'
import { expect, expectRefusal, expectStatus, expectUnseen, member } from '../harness/expectations.js'
import { redirectUriOf } from '../options.js'
import type { Rules } from '../rule.js'

/** The delay of an answer of the provider, so that requests made at once meet: milliseconds. */
export const heldMilliseconds = 100

/** The way of a person from the button to the connection. */
export const flowRules: Rules = {
  authorization: {
    sent: 'POST /{provider}/authorization with state, challenge and redirect URI',
    why: 'The page sends people only to a URL that carries its own state and challenge.',
    section: 'RFC 9700 §2.1.1, RFC 7636 §4.3',
    async run({ client, options, provider, authorizationBody }) {
      const { mediated } = options.providers
      const { body } = await authorizationBody()
      const answer = await client.send('POST', `/${mediated}/authorization`, { body })
      expectStatus(answer, 201)
      checkAuthorizationUrl(
        String(member(answer, 'authorization_url')),
        body,
        redirectUriOf(options, mediated),
        provider.issuer,
      )
      const expiresIn = member(answer, 'expires_in')
      expect(Number.isInteger(expiresIn) && Number(expiresIn) > 0, 'expires_in is no number of seconds')
      const transaction = member(answer, 'transaction')
      expect(
        transaction === undefined || (typeof transaction === 'string' && transaction.length <= 2048),
        'transaction is no string of at most 2048 characters',
      )
    },
  },
  token: {
    sent: 'POST /{provider}/token with code, state and verifier',
    why: 'The backend redeems the code as a confidential client, and tells the page of the connection.',
    section: 'RFC 10017 §6.2.2',
    async run({ begin, redeem, provider, options, received }) {
      const proof = await begin()
      const { result: answer, seen } = await received('token', () => redeem(proof))
      expectStatus(answer, 200)
      expect(seen.length === 1, 'the code was not redeemed by exactly one request')
      checkConnection(member(answer, 'connection'), options.providers.mediated)
      const accessToken = member(answer, 'access_token')
      expect(
        accessToken === undefined ||
          (typeof accessToken === 'string' && provider.secrets.accessTokens.has(accessToken)),
        'access_token is none that the provider issued',
      )
      if (accessToken !== undefined)
        checkTokenType(member(answer, 'token_type'), member(answer, 'expires_in'))
    },
  },
  'missing-scope': {
    sent: 'a flow whose person grants less than was asked',
    why: 'The app must learn what it may not do before a request fails.',
    section: 'RFC 6749 §5.1',
    async run({ begin, redeem }) {
      const answer = await redeem(await begin({ granted: 'accounts' }))
      expectStatus(answer, 200)
      const connection = Object(member(answer, 'connection')) as Record<string, unknown>
      const { scope, missing_scope: missing } = connection
      expect(scope === 'accounts', 'scope is not what was granted')
      expect(missing === 'payments', 'missing_scope is not what was asked for and not granted')
    },
  },
  connections: {
    sent: 'GET /connections',
    why: 'The connection outlives the page; the list says what there is, and changes nothing.',
    section: 'RFC 10017 §6.2.2',
    async run({ live, list, provider, options }) {
      const id = await live()
      const found = (await expectUnseen(provider, list)).filter((connection) => connection['id'] === id)
      expect(found.length === 1, 'the connection is not listed exactly once')
      checkConnection(found[0], options.providers.mediated)
    },
  },
  renew: {
    sent: 'a flow with the id of a connection to renew',
    why: 'What the app keeps about a connection stays its own.',
    section: 'contract, connection',
    async run({ live, connect, list }) {
      const id = await live()
      const renewed = await connect({ body: { connection: id } })
      expect(renewed === id, 'the renewed connection has another id')
      const found = (await list()).filter((connection) => connection['id'] === id)
      expect(found.length === 1, 'the renewed connection is not listed exactly once')
    },
  },
  disconnect: {
    sent: 'DELETE /connections/{id}, and then to use it',
    why: 'Who disconnects ends the grant at the provider too.',
    section: 'RFC 7009 §2, RFC 9700 §4.14.2',
    async run({ connect, isListed, client, received, accessToken }) {
      const id = await connect()
      const remove = (): Promise<Exchange> => client.send('DELETE', `/connections/${id}`)
      const { result: answer, seen } = await received('revoke', remove)
      expectStatus(answer, 200)
      expect(seen.length > 0, 'nothing was revoked at the provider')
      expect(member(answer, 'revoked') === true, 'revoked is not true although the provider confirmed it')
      expect(!(await isListed(id)), 'it is still listed')
      expectRefusal(await accessToken(id), 'unknown_connection')
      expectRefusal(await remove(), 'unknown_connection')
    },
  },
  'disconnect-unconfirmed': {
    sent: 'DELETE /connections/{id} while the provider fails to revoke',
    why: 'The person has decided: the backend forgets in any case, and says what it could not do.',
    section: 'contract, DELETE /connections/{id}',
    async run({ connect, isListed, client, provider }) {
      const id = await connect()
      provider.next('revoke', { status: 503 })
      const answer = await client.send('DELETE', `/connections/${id}`)
      expectStatus(answer, 200)
      expect(member(answer, 'revoked') === false, 'revoked is not false although the provider failed')
      expect(!(await isListed(id)), 'it is still listed')
    },
  },
}

/** Tokens that the backend keeps for the page. */
export const refreshRules: Rules = {
  'access-token': {
    sent: 'POST /connections/{id}/access-token, twice',
    why: 'A token that is good is handed out again: ten tabs and a reload cost nothing.',
    section: 'RFC 10017 §6.2.2',
    async run({ connect, accessToken, provider }) {
      const id = await connect()
      const first = await accessToken(id)
      expectStatus(first, 200)
      checkTokenType(member(first, 'token_type'), member(first, 'expires_in'))
      const second = await expectUnseen(provider, () => accessToken(id))
      expect(member(first, 'access_token') === member(second, 'access_token'), 'the token changed')
    },
  },
  'access-token-rejected': {
    sent: 'the hash of a token that the API refused, twice',
    why: 'A refused token is replaced once, and not by everybody who held it.',
    section: 'contract, rejected',
    async run({ connect, accessToken, provider }) {
      const id = await connect()
      const rejected = await currentHash({ accessToken }, id)
      const first = await accessToken(id, { rejected })
      expectStatus(first, 200)
      expect((await hashOf(first)) !== rejected, 'the refused token came back')
      const second = await expectUnseen(provider, () => accessToken(id, { rejected }))
      expect(member(second, 'access_token') === member(first, 'access_token'), 'the new token was replaced')
    },
  },
  'refresh-parallel': {
    sent: 'six requests at once that need a refresh',
    why: 'A refresh token used twice is an alarm to the provider, which ends the grant.',
    section: 'RFC 9700 §4.14.2',
    async run({ connect, accessToken, provider, received }) {
      const id = await connect()
      const rejected = await currentHash({ accessToken }, id)
      provider.delay('token', heldMilliseconds)
      const { result: answers, seen } = await received('token', () =>
        Promise.all(Array.from({ length: 6 }, () => accessToken(id, { rejected }))),
      )
      for (const answer of answers) expectStatus(answer, 200)
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
    async run({ connect, accessToken }) {
      const id = await connect()
      for (let time = 0; time < 2; time += 1) {
        const rejected = await currentHash({ accessToken }, id)
        expectStatus(await accessToken(id, { rejected }), 200)
      }
    },
  },
  'refresh-unavailable': {
    sent: 'a refresh that the provider answers with 503, and another',
    why: 'A bad minute at the provider does not end a connection.',
    section: 'contract, provider_unavailable',
    async run({ connect, accessToken, provider }) {
      const id = await connect()
      const rejected = await currentHash({ accessToken }, id)
      provider.next('token', { status: 503 })
      expectRefusal(await accessToken(id, { rejected }), 'provider_unavailable')
      expectStatus(await accessToken(id, { rejected }), 200)
    },
  },
  'refresh-refused': {
    sent: 'a refresh that the provider refuses with invalid_grant',
    why: 'The person must renew; the connection says so, and is not lost.',
    section: 'RFC 6749 §5.2',
    async run({ connect, accessToken, list, provider }) {
      const id = await connect()
      const rejected = await currentHash({ accessToken }, id)
      provider.refuse(400, 'invalid_grant')
      const refused = await accessToken(id, { rejected })
      expectRefusal(refused, 'reauthorization_required')
      expect(member(refused, 'connection') === id, 'the error does not name the connection')
      const listed = (await list()).find((connection) => connection['id'] === id)
      expect(listed?.['status'] === 'reauthorization_required', 'the list does not say so')
      await expectUnseen(provider, async () => {
        expectRefusal(await accessToken(id), 'reauthorization_required')
      })
    },
  },
}

/** The hash of the token that the backend hands out now. */
async function currentHash({ accessToken }: Pick<Bench, 'accessToken'>, id: string): Promise<string> {
  const answer = await accessToken(id)
  expectStatus(answer, 200)
  return hashOf(answer)
}

const hashOf = (answer: Exchange): Promise<string> => sha256(String(member(answer, 'access_token')))

function checkTokenType(type: unknown, expiresIn: unknown): void {
  expect(typeof type === 'string' && /^bearer$/i.test(type), 'token_type is not Bearer')
  const seconds = expiresIn ?? 1
  expect(
    typeof seconds === 'number' && seconds > 0 && seconds <= 3600,
    'expires_in is not what is left of the token',
  )
}

function checkAuthorizationUrl(
  value: string,
  body: AuthorizationBody,
  redirectUri: string,
  issuer: string,
): void {
  const url = URL.canParse(value) ? new URL(value) : undefined
  expect(
    url?.origin === issuer && url.pathname === '/authorize',
    `authorization_url does not lead to ${issuer}/authorize: configure the scripted provider (--settings)`,
  )
  const wanted: Readonly<Record<string, string | undefined>> = {
    response_type: 'code',
    state: body.state,
    code_challenge: body.code_challenge,
    code_challenge_method: 'S256',
    redirect_uri: redirectUri,
  }
  for (const [name, given] of Object.entries(wanted)) {
    const [seen, second] = url.searchParams.getAll(name)
    expect(seen === given && second === undefined, `authorization_url has another ${name} than was asked for`)
  }
  expect(url.searchParams.get('client_id') !== null, 'authorization_url has no client_id')
  for (const name of ['client_secret', 'client_assertion', 'code_verifier'])
    expect(!url.searchParams.has(name), `authorization_url holds a ${name}`)
}

/** @throws {Mismatch} for anything but a connection document of that provider. */
export function checkConnection(value: unknown, provider: string): void {
  const connection = Object(value) as Record<string, unknown>
  const isText = (name: string): boolean => typeof connection[name] === 'string'
  const isSeconds = (name: string): boolean =>
    Number.isInteger(connection[name]) && Number(connection[name]) > 1e9 && Number(connection[name]) < 1e11
  const isSecondsOrAbsent = (name: string): boolean => connection[name] === undefined || isSeconds(name)
  const checks: Readonly<Record<string, boolean>> = {
    id: isText('id') && /^[\w.~-]{16,200}$/.test(String(connection['id'])),
    provider: connection['provider'] === provider,
    status: connection['status'] === 'connected',
    scope: isText('scope'),
    missing_scope: isText('missing_scope'),
    created_at: isSeconds('created_at'),
    consent_expires_at: isSecondsOrAbsent('consent_expires_at'),
    renew_by: isSecondsOrAbsent('renew_by'),
    details: typeof connection['details'] === 'object' && connection['details'] !== null,
  }
  const wrong = Object.keys(checks).filter((name) => checks[name] !== true)
  expect(wrong.length === 0, `the connection's ${wrong.join(', ')} is not as the contract has it`)
}
