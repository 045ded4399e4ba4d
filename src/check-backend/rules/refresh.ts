import { expect, expectOutcome, member } from '../harness/expectations.js'
import { hashOf } from '../harness/scene.js'
import type { Rules } from '../rule.js'
import { checkTokenType, heldMilliseconds } from './checks.js'

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
