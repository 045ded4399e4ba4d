// What a page takes from the answers of its backend.
import { basis } from 'countersign/providers'
import { assert } from 'vitest'
import { createChannel } from '../../../src/core/channel/backend.js'
import type { Context } from '../../../src/core/context.js'
import type { Provider } from '../../../src/core/provider.js'
import type { Connection } from '../../../src/core/records/connection.js'
import type { Transaction } from '../../../src/core/records/transaction.js'
import { secret } from '../../support/secrets.js'
import { mutateJson, stringify } from '../mutate.js'
import { outcomeOf, type Target } from '../target.js'

const now = 1_800_000_000
const bank = basis({
  clientId: '06914d28-f034-4d52-b048-e11024957c11',
  environment: 'development',
}) as Provider

const document = {
  ...{ id: 'connection-1', provider: 'bank', status: 'connected', scope: 'profile', missing_scope: '' },
  ...{ created_at: now, details: { profile_id: 'p' }, consent_expires_at: now + 86_400, renew_by: now + 9 },
}
const tokens = { access_token: secret('t0ken-of-the-fuzz'), token_type: 'Bearer', expires_in: 300 }
const transaction = { state: 's'.repeat(43), codeVerifier: 'v'.repeat(43) } as Transaction
const proof = { state: transaction.state, code: 'c' } as never

/** A page whose backend answers every request with this. */
function channelOf(body: unknown) {
  const context = {
    providers: { bank },
    backend: 'https://app.example/connect',
    platform: {
      clock: { now: () => now },
      navigation: { url: () => new URL('https://app.example/') },
      fetch: () => new Response(stringify(body), { headers: { 'content-type': 'application/json' } }),
    },
    subject: () => 'ada',
    emit: () => undefined,
    redirectUri: () => 'https://app.example/callback/bank',
  } as unknown as Context
  return createChannel(context, 'bank', bank)
}

/** What a connection may be, whatever the answer was. */
function checkConnection(connection: Connection): void {
  assert.equal(connection.provider, 'bank')
  assert.isTrue(typeof connection.id === 'string' && connection.id !== '' && connection.id.length <= 200)
  assert.isTrue(['connected', 'reauthorization_required', 'failed'].includes(connection.status))
  for (const list of [connection.grantedScope, connection.missingScope])
    assert.isTrue(list.every((one) => typeof one === 'string'))
  for (const at of [connection.connectedAt, connection.consentExpiresAt, connection.renewBy])
    assert.isTrue(at === undefined || Number.isFinite(at), 'a time is none')
  assert.isTrue(typeof connection.details === 'object' && (connection.details as unknown) !== null)
}

function checkToken(token: { readonly value: string; readonly expiresAt: number | undefined }): void {
  // It goes into a header.
  assert.match(token.value, /^[\x21-\x7e]+$/)
  assert.isTrue(token.expiresAt === undefined || token.expiresAt >= now)
}

const redeemed: Target = {
  name: 'token answers of a backend',
  outcomes: ['accepted', 'backend_response_invalid'],
  run: (changes) =>
    outcomeOf(async () => {
      const channel = channelOf(mutateJson({ connection: document, ...tokens }, changes))
      const result = await channel.redeem(transaction, proof)
      assert.isTrue('connection' in result)
      if (!('connection' in result)) return
      checkConnection(result.connection)
      if (result.accessToken) checkToken(result.accessToken)
    }),
}

const accessToken: Target = {
  name: 'access tokens of a backend',
  outcomes: ['accepted', 'backend_response_invalid'],
  run: (changes) =>
    outcomeOf(async () => {
      checkToken(
        await channelOf(mutateJson(tokens, changes)).accessToken({ id: 'c' } as Connection, undefined),
      )
    }),
}

const list: Target = {
  name: 'lists of a backend',
  outcomes: ['accepted', 'backend_response_invalid'],
  run: (changes) =>
    outcomeOf(async () => {
      const connections = [document, { ...document, id: 'connection-2', status: 'failed' }]
      const listed = await channelOf(mutateJson({ connections }, changes)).list?.()
      for (const connection of listed ?? []) checkConnection(connection)
    }),
}

const institutions: Target = {
  name: 'institutions of a backend',
  outcomes: ['accepted', 'backend_response_invalid'],
  run: (changes) =>
    outcomeOf(async () => {
      const one = { id: 'one', name: 'One', group: 'Group', logo: 'https://logo.example/1.svg' }
      const answer = { institutions: [one, { id: 'two', name: 'Two' }], next_cursor: 'n' }
      const page = await channelOf(mutateJson(answer, changes)).institutions?.('', undefined)
      for (const { id, name, group, logo } of page?.institutions ?? []) {
        assert.isTrue([id, name, group ?? ''].every((text) => typeof text === 'string'))
        assert.isTrue(logo === undefined || new URL(logo).protocol === 'https:')
      }
      assert.isTrue(page?.nextCursor === undefined || typeof page.nextCursor === 'string')
    }),
}

const disconnected: Target = {
  name: 'answers to a disconnect',
  outcomes: ['accepted'],
  run: (changes) =>
    outcomeOf(async () => {
      const body = mutateJson({ revoked: false, reason: 'refused' }, changes)
      const result = await channelOf(body).disconnect({ id: 'c' } as Connection)
      assert.isTrue(result.revoked || ['no_endpoint', 'unreachable', 'refused'].includes(result.reason))
    }),
}

export const answerTargets: readonly Target[] = [redeemed, accessToken, list, institutions, disconnected]
