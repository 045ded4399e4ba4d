import { createCodeVerifier, createState } from '../../protocol/pkce.js'
import { expect, expectOutcome } from '../harness/expectations.js'
import { connectionId, type Proof, type Scene } from '../harness/scene.js'
import type { Rules } from '../rule.js'
import { heldMilliseconds } from './checks.js'

/** The code is still the person's: after a refused request the right one succeeds. */
const isKept = async (scene: Scene, proof: Proof): Promise<void> => {
  const { status } = await scene.ask(scene.token(proof))
  expect(status === 200, 'the refused request used up the transaction of the person it belongs to')
}

/** A transaction belongs to one person, one verifier and one code, and is redeemed once. */
export const transactionRules: Rules = {
  'token-again': {
    sent: 'the same token request twice',
    why: 'A reload or a lost answer must not cost the person the consent: the same request gives the same connection.',
    section: 'contract, POST /{provider}/token',
    async run(scene) {
      const request = scene.token(await scene.begin())
      const first = await scene.ask(request, 200)
      const second = await scene.unseen(() => scene.ask(request, 200))
      expect(connectionId(second) === connectionId(first), 'the second answer has another connection')
    },
  },
  'token-parallel': {
    sent: 'the same token request twice at once',
    why: 'A code that is used twice is an alarm: the provider revokes what it has issued.',
    section: 'RFC 6749 §4.1.2',
    async run(scene) {
      const request = scene.token(await scene.begin())
      scene.provider.delay('token', heldMilliseconds)
      const { result: answers, seen } = await scene.seen('token', () =>
        Promise.all([scene.ask(request), scene.ask(request)]),
      )
      expect(seen.length === 1, 'the provider received the code more than once')
      for (const answer of answers) expectOutcome(answer, 200)
      expect(new Set(answers.map(connectionId)).size === 1, 'the answers have different connections')
    },
  },
  'transaction-foreign': {
    sent: "code, state and verifier of one user in another user's session",
    why: "Otherwise an attacker's bank account is connected to the victim's user, or the other way round.",
    section: 'RFC 9700 §2.1.1, §4.7.1',
    needsOther: true,
    begun: true,
    refuses: (scene, proof) => [scene.token(proof, { as: 'other' })],
    refusal: 'transaction_invalid',
    run: isKept,
  },
  verifier: {
    sent: 'another code_verifier, then the right one',
    why: 'Who has seen the code but not begun the transaction can neither use nor waste it.',
    section: 'RFC 7636 §4.6, RFC 9700 §4.5.3.1',
    begun: true,
    refuses: (scene, proof) => [scene.token({ ...proof, code_verifier: createCodeVerifier() })],
    refusal: 'transaction_invalid',
    run: isKept,
  },
  state: {
    sent: 'a state that was never asked for, then the right one',
    why: 'A response that this backend has not begun is not redeemed.',
    section: 'RFC 9700 §4.7.1',
    begun: true,
    refuses: (scene, proof) => [scene.token({ ...proof, state: createState() })],
    refusal: 'transaction_invalid',
    run: isKept,
  },
  'state-replayed': {
    sent: 'the state of a redeemed transaction with a new challenge, verifier and code',
    why: 'A state stands for one transaction; a second one could be slipped under it.',
    section: 'RFC 9700 §4.7.1',
    begun: true,
    async run(scene, proof) {
      await scene.ask(scene.token(proof), 200)
      const attempt = scene.attempt()
      const body = { ...attempt.body, state: proof.state }
      const again = await scene.ask(scene.authorization(body), [201, 'transaction_invalid'])
      // A backend that keeps nothing before the redemption notices it there.
      if (again.status !== 201) return
      const second = scene.consent(again, { ...attempt, body }, 'mediated')
      await scene.unseen(() => scene.ask(scene.token(second), 'transaction_invalid'))
    },
  },
  issuer: {
    sent: 'the iss of another authorization server',
    why: 'A response mixed up between two servers would send a code to the wrong one.',
    section: 'RFC 9207 §2.4, RFC 9700 §4.4.2',
    begun: true,
    refuses: (scene, proof) => [scene.token({ ...proof, iss: 'https://evil.example' })],
    refusal: 'transaction_invalid',
  },
  'provider-mixed': {
    needs: 'bff',
    sent: "one provider's transaction at another provider's token endpoint",
    why: 'A code goes to the authorization server that issued it and to no other.',
    section: 'RFC 9700 §4.4',
    begun: true,
    refuses: (scene, proof) => [scene.token(proof, {}, 'bff')],
    refusal: 'transaction_invalid',
    run: isKept,
  },
  'connection-foreign': {
    sent: "a user's connection in another user's session: list, token, renewal, DELETE",
    why: 'Whoever learns an id must not reach the bank account behind it.',
    section: 'RFC 10017 §6.2.4.2',
    needsOther: true,
    async run(scene) {
      const id = await scene.live()
      const as = 'other'
      await scene.unseen(async () => {
        expect((await scene.listed(id, { as })).length === 0, "it stands in the other user's list")
        await scene.ask(scene.accessToken(id, {}, { as }), 'unknown_connection')
        await scene.ask(scene.authorization({ connection: id }, { as }), 'unknown_connection')
        await scene.ask(['DELETE', `/connections/${id}`, { as }], 'unknown_connection')
      })
      expect((await scene.listed(id)).length === 1, 'its own user has lost it')
    },
  },
}

const html = { 'content-type': 'text/html' }

/** The fate of a code when the provider does not answer as it should. */
export const failureRules: Rules = {
  'code-refused': {
    sent: 'a code that the provider refuses with invalid_grant, twice',
    why: 'The code is dead: the person starts again, and the backend does not ask for it a second time.',
    section: 'RFC 6749 §5.2',
    trouble: {
      asks: 'code',
      cases: ({ provider }) => [[[provider.error(400, 'invalid_grant')], 'invalid_grant']],
      again: 'transaction_invalid',
      requests: 1,
    },
  },
  'provider-refused': {
    sent: 'a code while the provider refuses the client',
    why: "What is wrong is the backend's configuration; the page learns that much and no more.",
    section: 'RFC 6749 §5.2',
    trouble: {
      asks: 'code',
      cases: ({ provider }) => [[[provider.error(401, 'invalid_client')], 'provider_error']],
    },
  },
  'provider-unusable': {
    sent: 'a code that the provider answers with HTML, and one with a redirect',
    why: 'An answer that is no token response is not interpreted; a redirect would carry the client secret away.',
    section: 'RFC 10017 §6.1.3.6, RFC 9700 §4.12',
    trouble: {
      asks: 'code',
      cases: ({ provider: { issuer, secrets } }) => [
        [[{ status: 200, headers: html, body: `<p>${secrets.words}</p>` }], 'provider_error'],
        [[{ status: 307, headers: { location: `${issuer}/token?${secrets.words}` } }], 'provider_error'],
      ],
      requests: 1,
    },
  },
  'provider-down': {
    sent: 'a code that the provider answers with 503, one it does not answer at all, each sent again',
    why: 'Nothing is decided until the provider has answered: the same request may be sent once more.',
    section: 'contract, provider_unavailable',
    trouble: {
      asks: 'code',
      cases: ({ provider }) => [
        [[{ status: 503, headers: html, body: provider.secrets.words }], 'provider_unavailable'],
        [['drop'], 'provider_unavailable'],
      ],
      again: 200,
    },
  },
}
