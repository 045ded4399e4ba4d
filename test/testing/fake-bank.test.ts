import { singleUser, type ReadableStore } from 'countersign/core'
import { apiture, basis, fdx, oidc, stitch, type FdxDetails } from 'countersign/providers'
import { fakeBank, type FakeBankOptions } from 'countersign/testing'
import { describe, expect, test, vi } from 'vitest'
import { eventually, until } from '../support/until.js'

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    bank: oidc({
      issuer: 'https://as.example',
      clientId: 'client-1',
      scope: 'openid accounts offline_access',
      api: 'https://as.example/v1',
      details: ['name'],
    }),
    stitch: stitch({ clientId: 'test-1', scope: 'openid accounts balances offline_access' }),
    apiture: apiture({ clientId: 'd', environment: 'cat', scope: 'openid banking/read' }),
    basis: basis({ clientId: '06914d28-f034-4d52-b048-e11024957c11', environment: 'development' }),
  },
} satisfies FakeBankOptions

const platformId = '70a5e5d3-00df-50f2-9f19-544d1f54c4bf'

/** A bank where somebody has pressed "Connect". */
function begun(name: keyof (typeof options)['providers'], more: Partial<FakeBankOptions> = {}) {
  const bank = fakeBank({ ...options, ...(more as object) })
  if (name === 'basis') bank.client.authorization(name, { platformId }).authorize()
  else bank.client.authorization(name).authorize()
  return bank
}

const refusalOf = (state: object): string | undefined =>
  (state as { readonly error?: { readonly code: string } }).error?.code

describe('a visit ends', () => {
  test('with a connection, whose scope and details the person decides', async () => {
    const bank = begun('bank')
    expect(
      await bank.approve('bank', { scope: 'accounts', details: { name: 'Ada' }, expiresIn: 60 }),
    ).toMatchObject({
      status: 'connected',
      connection: {
        grantedScope: ['openid', 'accounts'],
        missingScope: ['offline_access'],
        details: { name: 'Ada' },
      },
    })
    const { expiresAt = 0 } = await until(bank.client.tokens('bank'), 'connected')
    expect(expiresAt - Date.now() / 1000).toBeLessThanOrEqual(60)
  })

  test('with a renewal, by which the person may share less than before', async () => {
    const account = (accountId: string) => ({ accountId, nickname: 'Savings' })
    const bank = fakeBank({
      subject: 'anna',
      backend: '/connect',
      providers: {
        fdx: fdx({
          clientId: 'fdx',
          issuer: 'https://bank.example/fdx',
          scope: 'READ_CONSENTS ACCOUNT_BASIC',
        }),
      },
    })
    const consentRequest = 'budget'
    bank.client.authorization('fdx', { consentRequest }).authorize()
    const first = await bank.approve('fdx', { accounts: [account('6'), account('7')] })
    if (first.status !== 'connected') expect.fail(first.status)
    bank.client.authorization('fdx', { consentRequest, connection: first.connection.id }).authorize()
    await bank.approve('fdx', { accounts: [account('6')] })
    const { previous, connection } = await until(bank.client.callback, 'connected')
    const idsOf = ({ consent }: FdxDetails) => consent.resources.map(({ id }) => id)
    const kept = idsOf(connection.details)
    expect(previous && idsOf(previous.details).filter((id) => !kept.includes(id))).toEqual(['7'])
  })

  test('with a cancellation where the provider tells one', async () => {
    expect(await begun('stitch').cancel('stitch')).toMatchObject({ status: 'cancelled', returnTo: '/' })
    expect(await begun('bank').cancel('bank')).toMatchObject({ status: 'denied' })
  })

  test('nowhere, at a provider that keeps who cancels', async () => {
    expect(await begun('apiture').cancel('apiture')).toEqual({ status: 'idle' })
  })

  test('with a refusal, or an error of the provider', async () => {
    expect(await begun('bank').deny('bank')).toMatchObject({
      status: 'denied',
      error: { error: 'access_denied' },
    })
    expect(refusalOf(await begun('bank').fail('bank', 'temporarily_unavailable'))).toBe(
      'temporarily_unavailable',
    )
  })

  test('at whichever provider the person is, where none is named', async () => {
    expect(await begun('stitch').cancel()).toMatchObject({ status: 'cancelled' })
    expect(await begun('bank').deny()).toMatchObject({ status: 'denied' })
    expect(refusalOf(await begun('apiture').fail('temporarily_unavailable'))).toBe('temporarily_unavailable')
    await expect(fakeBank(options).cancel()).rejects.toThrow(
      'fakeBank: nobody is at any provider. Begin first',
    )
  })

  test('with no error that is only the name of a provider', async () => {
    const bank = begun('bank')
    await expect(async () => bank.fail('bank')).rejects.toThrow(
      new TypeError(
        'fakeBank: fail("bank") names a provider and no error. Say which error it sends: fail("bank", "temporarily_unavailable").',
      ),
    )
    // The visit goes on.
    expect(await bank.approve('bank')).toMatchObject({ status: 'connected' })
  })

  test('with an initialization token that has expired', async () => {
    const outcome = await begun('basis').expireInitToken()
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { errorDescription: 'Request included expired Initialization Token.' },
    })
  })

  test('without an answer, when the person goes back', async () => {
    const bank = begun('bank')
    expect(bank.client.authorization('bank').get().status).toBe('leaving')
    await bank.leave('bank')
    expect(bank.client.authorization('bank').get().status).toBe('idle')
  })

  test('in a popup, where the page that opened it goes on', async () => {
    const outcomes = vi.fn()
    const bank = fakeBank({ ...options, onOutcome: outcomes })
    const outcome = bank.client.authorization('stitch', { display: 'popup' }).authorizeAsync()
    expect(await bank.approve('stitch')).toMatchObject({ status: 'connected' })
    expect(await outcome).toMatchObject({ status: 'connected' })
    expect(bank.client.callback.get()).toEqual({ status: 'none' })
    expect(outcomes).toHaveBeenCalledTimes(1)
  })

  test('in a popup that is closed', async () => {
    const bank = fakeBank(options)
    bank.client.authorization('stitch', { display: 'popup' }).authorize()
    await bank.leave('stitch')
    expect(bank.client.authorization('stitch').get()).toEqual({ status: 'closed' })
  })
})

test('what the person is asked for reads as on the consent page', async () => {
  expect(await begun('stitch').arrival('stitch')).toMatchObject({
    pkce: true,
    scope: ['openid', 'accounts', 'balances', 'offline_access'],
    consent: [
      'know that it is you',
      'see your accounts',
      'see your balances',
      'stay linked when you are away',
    ],
  })
})

describe('wrong use explains itself', () => {
  test('when nobody has left', async () => {
    await expect(fakeBank(options).approve('bank')).rejects.toThrow(
      'fakeBank: nobody is at "bank". Begin first, as a person would: press the button that calls authorize()',
    )
    await expect(begun('bank').approve('stitch')).rejects.toThrow('nobody is at "stitch"')
  })

  test('when there is no such provider', async () => {
    await expect(fakeBank(options).approve('nobody' as 'bank')).rejects.toThrow(
      'fakeBank: there is no provider "nobody". The options have "bank", "stitch", "apiture", "basis".',
    )
  })

  test('when a call about requests, faults or tokens names no such provider', async () => {
    const bank = fakeBank(options)
    const nobody = 'nobody' as 'bank'
    const explained = 'fakeBank: there is no provider "nobody".'
    expect(() => bank.requestsTo(nobody)).toThrow(explained)
    expect(() => bank.loseReply('token', { provider: nobody })).toThrow(explained)
    expect(() => bank.refuse('token', {}, { provider: nobody })).toThrow(explained)
    expect(() => bank.tamper('state', nobody)).toThrow(explained)
    await expect(bank.revoke(nobody)).rejects.toThrow(explained)
    await expect(bank.expireAccessTokens(nobody)).rejects.toThrow(explained)
  })

  test('when a visit is ended twice', async () => {
    const bank = begun('stitch')
    await bank.approve('stitch')
    await expect(bank.approve('stitch')).rejects.toThrow(
      'fakeBank: nobody is at "stitch" any more: the visit has ended. One call ends one visit; for another, call authorize() again.',
    )
  })

  test('when a provider cannot do it', async () => {
    await expect(begun('stitch').expireInitToken()).rejects.toThrow(
      'fakeBank: "stitch" does not use initialization tokens; only Basis does.',
    )
    expect(() => fakeBank(options).tamper('nonce', 'basis')).toThrow(
      'fakeBank: Basis has no ID Token, and so no nonce of one to tamper with.',
    )
  })

  test('when it is not said at which of two providers', async () => {
    const bank = begun('bank')
    const other = bank.otherTab()
    other.client.authorization('stitch').authorize()
    await bank.arrival('bank')
    await bank.arrival('stitch')
    await expect(bank.cancel()).rejects.toThrow(
      'fakeBank: somebody is at "bank", "stitch". Name the provider that you mean.',
    )
  })

  test('when the only request is none, or one of several', async () => {
    const bank = fakeBank({ ...options, connected: { bank: {} } })
    await bank.settled()
    expect(() => bank.requestTo('bank', 'token')).toThrow(
      'fakeBank: there are 0 requests to the token endpoint of "bank", not one. It has received: nothing.',
    )
    const tokens = await until(bank.client.tokens('bank'), 'connected')
    await tokens.fetch('accounts')
    expect(bank.requestTo('bank', 'api')).toMatchObject({ method: 'GET', status: 200 })
    await tokens.fetch('accounts')
    expect(() => bank.requestTo('bank', 'api')).toThrow(
      'fakeBank: there are 2 requests to the api endpoint of "bank", not one. It has received: api (200), api (200).',
    )
  })

  test('when authorize() has failed', async () => {
    const bank = fakeBank(options)
    bank.offline()
    bank.client.authorization('bank').authorize()
    await expect(bank.approve('bank')).rejects.toThrow('authorize() failed with network_error')
  })

  test('when it is given a platform', () => {
    expect(() => fakeBank({ ...options, platform: {} } as never)).toThrow(TypeError)
  })

  test('when a connection to begin with cannot be made', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    const bank = fakeBank({ ...options, subject: null, connected: { stitch: {} } })
    await expect(bank.settled()).rejects.toThrow('fakeBank: ')
    expect(log).toHaveBeenCalledTimes(1)
    await until(bank.client.connections, 'sign_in_required')
  })
})

describe('a test begins connected', () => {
  test('in every mode, and nobody sees how it came about', async () => {
    const events = vi.fn()
    const bank = fakeBank({
      ...options,
      onEvent: events,
      onOutcome: events,
      connected: {
        bank: { details: { name: 'Ada' }, scope: 'accounts offline_access' },
        stitch: [{}, { scope: 'accounts' }],
        basis: { details: { profileId: 'profile-1' } },
      },
    })
    const seen = new Set<string>()
    for (const store of [
      bank.client.callback,
      bank.client.connections,
      bank.client.authorization('bank'),
      bank.client.tokens('bank'),
    ] as ReadableStore<{ status: string }>[]) {
      seen.add(store.get().status)
      store.subscribe(() => seen.add(store.get().status))
    }
    const { connections } = await until(bank.client.connections, 'ready')
    expect(connections.map(({ provider, details }) => [provider, details])).toEqual([
      ['bank', { name: 'Ada' }],
      ['stitch', {}],
      ['stitch', {}],
      ['basis', { profileId: 'profile-1' }],
    ])
    expect([...seen]).toEqual(['none', 'restoring', 'idle', 'ready', 'connected'])
    expect(bank.requests).toEqual([])
    expect(events).not.toHaveBeenCalled()
    const tokens = await until(bank.client.tokens('bank'), 'connected')
    expect((await tokens.fetch('accounts')).status).toBe(200)
  })
})

describe('what was asked', () => {
  test('can be asserted, and holds no secret', async () => {
    const bank = begun('stitch')
    await bank.approve('stitch')
    expect(bank.requestsTo('stitch', 'authorization')).toMatchObject([
      { from: 'person', pkce: true, scope: ['openid', 'accounts', 'balances', 'offline_access'] },
    ])
    expect(bank.requestsTo('stitch', 'token')).toMatchObject([
      {
        from: 'backend',
        grantType: 'authorization_code',
        pkce: true,
        clientAuthentication: 'private_key_jwt',
        status: 200,
      },
    ])
    expect(bank.requests.filter(({ to }) => to === 'backend')).toMatchObject([
      { endpoint: 'connections' },
      { endpoint: 'authorization', provider: 'stitch' },
      { endpoint: 'token', provider: 'stitch' },
    ])
    expect(JSON.stringify(bank.requests)).not.toMatch(/[\w-]{40}/)
  })
})

describe('what goes wrong', () => {
  test('an answer of the token endpoint is lost: the person resumes', async () => {
    const bank = begun('bank')
    bank.loseReply('token')
    const outcome = await bank.approve('bank')
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'network_error' } })
  })

  test('an answer of the backend is lost: resuming finds what became of it', async () => {
    const bank = begun('stitch')
    bank.loseReply('token', { to: 'backend' })
    const outcome = await bank.approve('stitch')
    if (outcome.status !== 'failed' || !('resumeAsync' in outcome)) throw new Error(outcome.status)
    expect(await outcome.resumeAsync()).toMatchObject({ status: 'connected' })
    expect(bank.requestsTo('stitch', 'token')).toHaveLength(1)
  })

  test('an endpoint refuses', async () => {
    const bank = begun('bank')
    bank.refuse('token', { error: 'invalid_grant' }, { provider: 'bank' })
    expect(await bank.approve('bank')).toMatchObject({ status: 'failed', error: { error: 'invalid_grant' } })
  })

  test.each([
    ['iss', 'issuer_mismatch'],
    ['nonce', 'id_token_invalid'],
    ['signature', 'id_token_invalid'],
    ['audience', 'id_token_invalid'],
    ['issuer', 'id_token_invalid'],
    ['at_hash', 'id_token_invalid'],
    ['expiry', 'id_token_invalid'],
    ['state', 'state_unknown'],
  ] as const)('somebody tampers with %s', async (what, code) => {
    const bank = begun('bank')
    bank.tamper(what)
    expect(refusalOf(await bank.approve('bank'))).toBe(code)
  })

  test('access tokens are no longer accepted: the page gets another', async () => {
    const bank = fakeBank({ ...options, connected: { bank: {}, stitch: {} } })
    await until(bank.client.connections, 'ready')
    await bank.expireAccessTokens('bank')
    const tokens = await until(bank.client.tokens('bank'), 'connected')
    expect((await tokens.fetch('accounts')).status).toBe(200)
    expect(bank.requestsTo('bank').map(({ endpoint, status }) => [endpoint, status])).toEqual([
      ['api', 401],
      ['token', 200],
      ['api', 200],
    ])
  })

  test('the person ends the consent at the provider: the connection must be renewed', async () => {
    const bank = fakeBank({ ...options, connected: { bank: {}, stitch: {} } })
    for (const name of ['bank', 'stitch'] as const) {
      const tokens = await until(bank.client.tokens(name), 'connected')
      await bank.revoke(name)
      await tokens.fetch('graphql', { method: 'GET' }).catch(() => undefined)
      await bank.advance(4000)
      await tokens.getAccessToken().catch(() => undefined)
      await until(bank.client.tokens(name), 'reauthorization_required')
    }
  })

  test('the app’s session ends during the visit: the person signs in, and resumes', async () => {
    const bank = begun('stitch', { subject: 'anna' })
    await bank.arrival('stitch')
    bank.signOut()
    const outcome = await bank.approve('stitch')
    if (outcome.status !== 'sign_in_required') throw new Error(outcome.status)
    bank.signIn()
    expect(await outcome.resumeAsync()).toMatchObject({ status: 'connected' })
  })

  test('answers take their time', async () => {
    const bank = begun('bank')
    await bank.settled()
    bank.delay(2000)
    const outcome = bank.approve('bank')
    await eventually(() => expect(bank.client.callback.get().status).toBe('pending'))
    await eventually(async () => {
      await bank.advance(2)
      expect(bank.client.callback.get().status).toBe('connected')
    })
    await outcome
  })
})

describe('client.signOut()', () => {
  test('keeps the session of an app without users', async () => {
    const bank = fakeBank({ ...options, connected: { stitch: {} } })
    await until(bank.client.tokens('stitch'), 'connected')
    await bank.client.signOut()
    await bank.client.connections.refreshAsync()
    await until(bank.client.tokens('stitch'), 'connected')
  })

  test('leaves alone the session of a user who signs in meanwhile', async () => {
    const bank = fakeBank({ ...options, subject: 'anna', connected: { stitch: {} } })
    await until(bank.client.tokens('stitch'), 'connected')
    const signedOut = bank.client.signOut()
    bank.client.setSubject('berta')
    await signedOut
    await bank.client.connections.refreshAsync()
    expect(bank.client.connections.get().status).toBe('ready')
  })
})

describe('the browser', () => {
  test('loads the page again: what was in memory is gone', async () => {
    const bank = fakeBank({ ...options, connected: { bank: {}, stitch: {} } })
    await until(bank.client.connections, 'ready')
    await bank.reload()
    await until(bank.client.tokens('bank'), 'reauthorization_required')
    await until(bank.client.tokens('stitch'), 'connected')
  })

  test('has other tabs, which learn of a connection', async () => {
    const bank = begun('stitch')
    const other = bank.otherTab()
    await until(other.client.tokens('stitch'), 'disconnected')
    await bank.approve('stitch')
    await until(other.client.tokens('stitch'), 'connected')
    expect(bank.url).toBe('https://app.example/callback/stitch')
    expect(other.url).toBe('https://app.example/')
  })

  test('tells where it comes back', async () => {
    const navigate = vi.fn()
    await begun('bank', { navigate }).approve('bank')
    expect(navigate.mock.calls).toEqual([['/callback/bank']])
  })

  test('knows nothing of another bank', async () => {
    const bank = begun('bank')
    await bank.approve('bank')
    const { connections } = await until(fakeBank(options).client.connections, 'ready')
    expect(connections).toEqual([])
  })
})

describe('the API', () => {
  test('answers as the test wants, for tokens that are good', async () => {
    const bank = fakeBank({
      ...options,
      connected: { bank: { accounts: [{ name: 'Giro' }] } },
      api: {
        bank: ({ path, query, accounts }) =>
          path === '/v1/balances' ? { of: query.get('of'), accounts } : undefined,
      },
    })
    const tokens = await until(bank.client.tokens('bank'), 'connected')
    expect(await (await tokens.fetch('balances?of=all')).json()).toEqual({
      of: 'all',
      accounts: [{ name: 'Giro' }],
    })
    expect(await (await tokens.fetch('accounts')).json()).toEqual({ accounts: [{ name: 'Giro' }] })
  })
})

test('fake timers with their defaults stop nothing, and move the clock', async () => {
  vi.useFakeTimers({
    toFake: [
      'Date',
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'performance',
    ] as never,
  })
  try {
    const bank = begun('bank')
    const outcome = await bank.approve('bank', { expiresIn: 60 })
    expect(outcome.status).toBe('connected')
    const tokens = bank.client.tokens('bank').get()
    if (tokens.status !== 'connected') throw new Error(tokens.status)
    const first = await tokens.getAccessToken()
    vi.advanceTimersByTime(61_000)
    expect(await tokens.getAccessToken()).not.toBe(first)
  } finally {
    vi.useRealTimers()
  }
})
