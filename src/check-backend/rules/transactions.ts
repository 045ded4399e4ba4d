import { createCodeVerifier } from '../../protocol/pkce.js'
import { connectionId, unknownId, type Bench, type Proof } from '../harness/bench.js'
import type { Exchange, SendOptions } from '../harness/client.js'
import { expect, expectRefusal, expectStatus, expectUnseen } from '../harness/expectations.js'
import type { Rule } from '../rule.js'
import { heldMilliseconds } from './flow.js'

/** Refused, and the code is still the person's: the right request succeeds afterwards. */
async function refusedButKept(
  { redeem, provider }: Bench,
  proof: Proof,
  wrong: object,
  send: SendOptions & { readonly provider?: string } = {},
): Promise<void> {
  await expectUnseen(provider, async () => {
    expectRefusal(await redeem(wrong, send), 'transaction_invalid')
  })
  const right: Exchange = await redeem(proof)
  expect(right.status === 200, 'the refused request used up the transaction of the person it belongs to')
}

/** A transaction belongs to one person, one verifier and one code, and is redeemed once. */
export const transactionRules: readonly Rule[] = [
  {
    name: 'token-again',
    level: 1,
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
  {
    name: 'token-parallel',
    level: 1,
    sent: 'the same token request twice at once',
    why: 'A code that is used twice is an alarm: the provider revokes what it has issued.',
    section: 'RFC 6749 §4.1.2',
    async run({ begin, redeem, provider }) {
      const proof = await begin()
      const before = provider.to('token').length
      provider.delay('token', heldMilliseconds)
      const [first, second] = await Promise.all([redeem(proof), redeem(proof)])
      expect(provider.to('token').length === before + 1, 'the provider received the code more than once')
      expectStatus(first, 200)
      expectStatus(second, 200)
      expect(connectionId(second) === connectionId(first), 'the answers have different connections')
    },
  },
  {
    name: 'transaction-foreign',
    level: 1,
    sent: "code, state and verifier of one user in another user's session",
    why: "Otherwise an attacker's bank account is connected to the victim's user, or the other way round.",
    section: 'RFC 9700 §2.1.1, §4.7.1',
    needsOther: true,
    async run(bench) {
      const proof = await bench.begin()
      await refusedButKept(bench, proof, proof, { as: 'other' })
    },
  },
  {
    name: 'verifier',
    level: 1,
    sent: 'another code_verifier, then the right one',
    why: 'Who has seen the code but not begun the transaction can neither use nor waste it.',
    section: 'RFC 7636 §4.6, RFC 9700 §4.5.3.1',
    async run(bench) {
      const proof = await bench.begin()
      await refusedButKept(bench, proof, { ...proof, code_verifier: createCodeVerifier() })
    },
  },
  {
    name: 'state',
    level: 1,
    sent: 'a state that was never asked for, then the right one',
    why: 'A response that this backend has not begun is not redeemed.',
    section: 'RFC 9700 §4.7.1',
    async run(bench) {
      const proof = await bench.begin()
      await refusedButKept(bench, proof, { ...proof, state: unknownId(32) })
    },
  },
  {
    name: 'state-replayed',
    level: 1,
    sent: 'the state of a redeemed transaction with a new challenge, verifier and code',
    why: 'A state stands for one transaction; a second one could be slipped under it.',
    section: 'RFC 9700 §4.7.1',
    async run({ begin, redeem, client, options, provider, authorizationBody }) {
      const proof = await begin()
      expectStatus(await redeem(proof), 200)
      const { verifier, body } = await authorizationBody()
      const again = await client.send('POST', `/${options.providers.mediated}/authorization`, {
        body: { ...body, state: proof.state },
      })
      // A backend that keeps nothing before the redemption notices it there.
      if (again.status !== 201) {
        expectRefusal(again, 'transaction_invalid')
        return
      }
      const { authorization_url: url, transaction } = Object(again.body) as Record<string, unknown>
      const code = provider.consent(String(url), { provider: options.providers.mediated })
      const second = {
        code,
        state: proof.state,
        code_verifier: verifier,
        ...(transaction !== undefined && { transaction }),
      }
      await expectUnseen(provider, async () => {
        expectRefusal(await redeem(second), 'transaction_invalid')
      })
    },
  },
  {
    name: 'issuer',
    level: 1,
    sent: 'the iss of another authorization server',
    why: 'A response mixed up between two servers would send a code to the wrong one.',
    section: 'RFC 9207 §2.4, RFC 9700 §4.4.2',
    async run({ begin, redeem, provider }) {
      const proof = await begin()
      await expectUnseen(provider, async () => {
        expectRefusal(await redeem({ ...proof, iss: 'https://evil.example' }), 'transaction_invalid')
      })
    },
  },
  {
    name: 'provider-mixed',
    level: 2,
    sent: "one provider's transaction at another provider's token endpoint",
    why: 'A code goes to the authorization server that issued it and to no other.',
    section: 'RFC 9700 §4.4',
    async run(bench) {
      const proof = await bench.begin()
      await refusedButKept(bench, proof, proof, { provider: bench.options.providers.bff })
    },
  },
  {
    name: 'connection-foreign',
    level: 1,
    sent: "a user's connection in another user's session: list, token, renewal, DELETE",
    why: 'Whoever learns an id must not reach the bank account behind it.',
    section: 'RFC 10017 §6.2.4.2',
    needsOther: true,
    async run({ live, list, accessToken, client, provider, options, authorizationBody }) {
      const id = await live()
      const { body } = await authorizationBody()
      await expectUnseen(provider, async () => {
        const listed = (await list({ as: 'other' })).some((connection) => connection['id'] === id)
        expect(!listed, "it stands in the other user's list")
        expectRefusal(await accessToken(id, {}, { as: 'other' }), 'unknown_connection')
        const renewal = await client.send('POST', `/${options.providers.mediated}/authorization`, {
          as: 'other',
          body: { ...body, connection: id },
        })
        expectRefusal(renewal, 'unknown_connection')
        const removal = await client.send('DELETE', `/connections/${id}`, { as: 'other' })
        expectRefusal(removal, 'unknown_connection')
      })
      expect(
        (await list()).some((connection) => connection['id'] === id),
        'its own user has lost it',
      )
    },
  },
]

const refusedCode = { status: 400, headers: { 'content-type': 'application/json' } }
const html = { 'content-type': 'text/html' }

/** What becomes of a code when the provider does not answer as it should. */
export const failureRules: readonly Rule[] = [
  {
    name: 'code-refused',
    level: 1,
    sent: 'a code that the provider refuses with invalid_grant, twice',
    why: 'The code is dead: the person starts again, and the backend does not ask for it a second time.',
    section: 'RFC 6749 §5.2',
    async run({ begin, redeem, provider }) {
      const proof = await begin()
      const body = JSON.stringify({ error: 'invalid_grant', error_description: provider.secrets.words })
      provider.next('token', { ...refusedCode, body })
      expectRefusal(await redeem(proof), 'invalid_grant')
      await expectUnseen(provider, async () => {
        expectRefusal(await redeem(proof), 'transaction_invalid')
      })
    },
  },
  {
    name: 'provider-refused',
    level: 1,
    sent: 'a code while the provider refuses the client',
    why: "What is wrong is the backend's configuration; the page learns that much and no more.",
    section: 'RFC 6749 §5.2',
    async run({ begin, redeem, provider }) {
      const proof = await begin()
      const body = JSON.stringify({ error: 'invalid_client', error_description: provider.secrets.words })
      provider.next('token', { ...refusedCode, status: 401, body })
      expectRefusal(await redeem(proof), 'provider_error')
    },
  },
  {
    name: 'provider-unusable',
    level: 1,
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
  {
    name: 'provider-down',
    level: 1,
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
]
