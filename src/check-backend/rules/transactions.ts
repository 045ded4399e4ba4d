import { createCodeVerifier } from '../../protocol/pkce.js'
import { connectionId, unknownId, type Bench } from '../harness/bench.js'
import { expect, expectRefusal, expectStatus, expectUnseen } from '../harness/expectations.js'
import type { Sample } from '../harness/sample.js'
import type { Rules } from '../rule.js'
import { heldMilliseconds } from './flow.js'

/** The code is still the person's: after a refused request the right one succeeds. */
const isKept = async ({ redeem }: Bench, { proof }: Sample): Promise<void> => {
  const { status } = await redeem(proof)
  expect(status === 200, 'the refused request used up the transaction of the person it belongs to')
}

/** A transaction belongs to one person, one verifier and one code, and is redeemed once. */
export const transactionRules: Rules = {
  'token-again': {
    sent: 'the same token request twice',
    why: 'A reload or a lost answer must not cost the person the consent: the same request gives the same connection.',
    section: 'contract, POST /{provider}/token',
    async run({ begin, redeem, provider }) {
      const proof = await begin()
      const first = await redeem(proof)
      expectStatus(first, 200)
      const second = await expectUnseen(provider, () => redeem(proof))
      expectStatus(second, 200)
      expect(connectionId(second) === connectionId(first), 'the second answer has another connection')
    },
  },
  'token-parallel': {
    sent: 'the same token request twice at once',
    why: 'A code that is used twice is an alarm: the provider revokes what it has issued.',
    section: 'RFC 6749 §4.1.2',
    async run({ begin, redeem, provider, received }) {
      const proof = await begin()
      provider.delay('token', heldMilliseconds)
      const { result, seen } = await received('token', () => Promise.all([redeem(proof), redeem(proof)]))
      const [first, second] = result
      expect(seen.length === 1, 'the provider received the code more than once')
      expectStatus(first, 200)
      expectStatus(second, 200)
      expect(connectionId(second) === connectionId(first), 'the answers have different connections')
    },
  },
  'transaction-foreign': {
    sent: "code, state and verifier of one user in another user's session",
    why: "Otherwise an attacker's bank account is connected to the victim's user, or the other way round.",
    section: 'RFC 9700 §2.1.1, §4.7.1',
    needsOther: true,
    begun: true,
    refuses: ({ token }) => [token({}, { as: 'other' })],
    refusal: 'transaction_invalid',
    afterwards: isKept,
  },
  verifier: {
    sent: 'another code_verifier, then the right one',
    why: 'Who has seen the code but not begun the transaction can neither use nor waste it.',
    section: 'RFC 7636 §4.6, RFC 9700 §4.5.3.1',
    begun: true,
    refuses: ({ token }) => [token({ code_verifier: createCodeVerifier() })],
    refusal: 'transaction_invalid',
    afterwards: isKept,
  },
  state: {
    sent: 'a state that was never asked for, then the right one',
    why: 'A response that this backend has not begun is not redeemed.',
    section: 'RFC 9700 §4.7.1',
    begun: true,
    refuses: ({ token }) => [token({ state: unknownId(32) })],
    refusal: 'transaction_invalid',
    afterwards: isKept,
  },
  'state-replayed': {
    sent: 'the state of a redeemed transaction with a new challenge, verifier and code',
    why: 'A state stands for one transaction; a second one could be slipped under it.',
    section: 'RFC 9700 §4.7.1',
    async run({ begin, redeem, client, options, provider, authorizationBody, consent }) {
      const proof = await begin()
      expectStatus(await redeem(proof), 200)
      const { verifier, body } = await authorizationBody()
      const { state } = proof
      const path = `/${options.providers.mediated}/authorization`
      const again = await client.send('POST', path, { body: { ...body, state } })
      // A backend that keeps nothing before the redemption notices it there.
      if (again.status !== 201) {
        expectRefusal(again, 'transaction_invalid')
        return
      }
      const second = consent(again, { state, verifier })
      await expectUnseen(provider, async () => {
        expectRefusal(await redeem(second), 'transaction_invalid')
      })
    },
  },
  issuer: {
    sent: 'the iss of another authorization server',
    why: 'A response mixed up between two servers would send a code to the wrong one.',
    section: 'RFC 9207 §2.4, RFC 9700 §4.4.2',
    begun: true,
    refuses: ({ token }) => [token({ iss: 'https://evil.example' })],
    refusal: 'transaction_invalid',
  },
  'provider-mixed': {
    level: 2,
    sent: "one provider's transaction at another provider's token endpoint",
    why: 'A code goes to the authorization server that issued it and to no other.',
    section: 'RFC 9700 §4.4',
    begun: true,
    refuses: ({ options, proof }) => [['POST', `/${options.providers.bff}/token`, { body: proof }]],
    refusal: 'transaction_invalid',
    afterwards: isKept,
  },
  'connection-foreign': {
    sent: "a user's connection in another user's session: list, token, renewal, DELETE",
    why: 'Whoever learns an id must not reach the bank account behind it.',
    section: 'RFC 10017 §6.2.4.2',
    needsOther: true,
    async run({ live, isListed, accessToken, client, provider, options, authorizationBody }) {
      const id = await live()
      const { body } = await authorizationBody()
      await expectUnseen(provider, async () => {
        expect(!(await isListed(id, { as: 'other' })), "it stands in the other user's list")
        expectRefusal(await accessToken(id, {}, { as: 'other' }), 'unknown_connection')
        const path = `/${options.providers.mediated}/authorization`
        const renewal = { ...body, connection: id }
        expectRefusal(await client.send('POST', path, { as: 'other', body: renewal }), 'unknown_connection')
        const removal = await client.send('DELETE', `/connections/${id}`, { as: 'other' })
        expectRefusal(removal, 'unknown_connection')
      })
      expect(await isListed(id), 'its own user has lost it')
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
    async run({ begin, redeem, provider }) {
      const proof = await begin()
      provider.refuse(400, 'invalid_grant')
      expectRefusal(await redeem(proof), 'invalid_grant')
      await expectUnseen(provider, async () => {
        expectRefusal(await redeem(proof), 'transaction_invalid')
      })
    },
  },
  'provider-refused': {
    sent: 'a code while the provider refuses the client',
    why: "What is wrong is the backend's configuration; the page learns that much and no more.",
    section: 'RFC 6749 §5.2',
    async run({ begin, redeem, provider }) {
      provider.refuse(401, 'invalid_client')
      expectRefusal(await redeem(await begin()), 'provider_error')
    },
  },
  'provider-unusable': {
    sent: 'a code that the provider answers with HTML, and one with a redirect',
    why: 'An answer that is no token response is not interpreted; a redirect would carry the client secret away.',
    section: 'RFC 10017 §6.1.3.6, RFC 9700 §4.12',
    async run({ begin, redeem, provider }) {
      provider.next('token', { status: 200, headers: html, body: `<p>${provider.secrets.words}</p>` })
      expectRefusal(await redeem(await begin()), 'provider_error')
      const before = provider.requests.length
      const location = `${provider.issuer}/elsewhere/${provider.secrets.words}`
      provider.next('token', { status: 307, headers: { location } })
      expectRefusal(await redeem(await begin()), 'provider_error')
      expect(provider.requests.length === before + 1, 'the redirect was followed')
    },
  },
  'provider-down': {
    sent: 'a code that the provider answers with 503, one it does not answer at all, each sent again',
    why: 'Nothing is decided until the provider has answered: the same request may be sent once more.',
    section: 'contract, provider_unavailable',
    async run({ begin, redeem, provider }) {
      for (const answer of [{ status: 503, headers: html, body: provider.secrets.words }, 'drop'] as const) {
        const proof = await begin()
        provider.next('token', answer)
        expectRefusal(await redeem(proof), 'provider_unavailable')
        expectStatus(await redeem(proof), 200)
      }
    },
  },
}
