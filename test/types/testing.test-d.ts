import {
  singleUser,
  type AuthorizationState,
  type CallbackState,
  type Client,
  type ClientOptions,
  type Connection,
} from 'countersign'
import { basis, oidc, stitch, type BasisDetails } from 'countersign/providers'
import { createTestClient, fakeBank, type BankRequest } from 'countersign/testing'
import { bankHandlers } from 'countersign/testing/msw'
import type { RequestHandler } from 'msw'
import { expectTypeOf, test } from 'vitest'

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    stitch: stitch({ clientId: 'client', scope: 'openid' }),
    basis: basis({ clientId: 'client', environment: 'development' }),
    bank: oidc({ issuer: 'https://as.example', clientId: 'client', scope: 'openid', details: ['name'] }),
  },
} satisfies ClientOptions

type App = Client<(typeof options)['providers']>

const bank = fakeBank(options)

test('the options of createClient are those of fakeBank, and its client is the same', () => {
  expectTypeOf(bank.client).toEqualTypeOf<App>()
  expectTypeOf(bank.otherTab().client).toEqualTypeOf<App>()
  expectTypeOf(fakeBank({ providers: options.providers }).client).toEqualTypeOf<App>()
})

test('providers are known by name', () => {
  // @ts-expect-error there is no such provider
  void bank.approve('moneyhub')
  // @ts-expect-error there is no such provider
  bank.requestsTo('moneyhub')
  // @ts-expect-error there is no such provider
  fakeBank({ ...options, connected: { moneyhub: {} } })
  // @ts-expect-error it brings a platform of its own
  fakeBank({ ...options, platform: {} })
})

test('the provider may be left out where only one can be meant', () => {
  expectTypeOf(bank.cancel()).toEqualTypeOf(bank.fail('temporarily_unavailable'))
  expectTypeOf(bank.requestTo('bank', 'token')).toEqualTypeOf<BankRequest>()
  expectTypeOf(bank.arrival('bank')).resolves.toExtend<
    BankRequest & { readonly consent: readonly string[] }
  >()
  fakeBank({ ...options, seed: 1 })
  // @ts-expect-error there is no such provider
  bank.requestTo('moneyhub', 'token')
  // @ts-expect-error what was approved is of one provider
  void bank.approve()
  // @ts-expect-error a seed is a number or a text
  fakeBank({ ...options, seed: {} })
})

test('details are those of the provider', () => {
  void bank.approve('basis', { details: { profileId: 'one' } })
  void bank.approve('bank', { details: { name: 'Ada' } })
  fakeBank({ ...options, connected: { basis: [{ details: { profileId: 'one' } }, {}] } })
  // @ts-expect-error Basis has no such detail
  void bank.approve('basis', { details: { name: 'Ada' } })
  // @ts-expect-error an id is a string
  fakeBank({ ...options, connected: { basis: { details: { profileId: 1 } } } })
  // @ts-expect-error a platform is a string
  fakeBank({ ...options, connected: { basis: { input: { platformId: 1 } } } })
})

test('a visit ends in what the app is shown', async () => {
  type OfBasis = Connection<BasisDetails, 'basis'>
  const outcome = await bank.approve('basis')
  expectTypeOf(outcome).toEqualTypeOf<CallbackState<OfBasis> | AuthorizationState<OfBasis>>()
  if (outcome.status === 'connected') expectTypeOf(outcome.connection.details).toEqualTypeOf<BasisDetails>()
})

test('requests can be told apart', () => {
  const [request] = bank.requests
  expectTypeOf(bank.requests).toEqualTypeOf<readonly BankRequest[]>()
  if (request?.to === 'provider') expectTypeOf(request.provider).toEqualTypeOf<string>()
  // @ts-expect-error there is no such endpoint
  bank.loseReply('tokens')
  // @ts-expect-error there is nothing of that name to tamper with
  bank.tamper('verifier')
})

test('a test client has the types of the app’s', () => {
  const client = createTestClient<App>({
    tokens: { basis: { status: 'connected', connection: { details: { profileId: 'one' } } } },
    callback: { status: 'cancelled', provider: 'stitch' },
    connections: [{ provider: 'bank', details: { name: 'Ada' } }],
  })
  expectTypeOf(client).toExtend<App>()
  // @ts-expect-error there is no such provider
  createTestClient<App>({ tokens: { moneyhub: { status: 'disconnected' } } })
  // @ts-expect-error there is no such status
  createTestClient<App>({ tokens: { basis: { status: 'gone' } } })
  // @ts-expect-error what is denied has an error
  createTestClient<App>({ callback: { status: 'denied', provider: 'stitch' } })
  for (const call of client.calls) {
    if (call.method === 'fetch') expectTypeOf(call.path).toEqualTypeOf<string>()
    if (call.method === 'authorize' && call.provider === 'basis')
      expectTypeOf(call.input.platformId).toEqualTypeOf<string | undefined>()
  }
})

test('a bank makes handlers of MSW', () => {
  expectTypeOf(bankHandlers(bank)).toEqualTypeOf<RequestHandler[]>()
})
