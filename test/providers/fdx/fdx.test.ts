import { fdx as backendFdx, type FdxBackendOptions, type Fetch } from 'countersign/backend'
import { mtlsFetch } from 'countersign/backend/node'
import { fdx } from 'countersign/providers'
import { X509Certificate } from 'node:crypto'
import { Agent } from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createClientCertificate } from '../../../demo/banks/certificates.js'
import type { ConnectionDocument, JsonObject } from '../../../src/protocol/contract.js'
import { sampleDetails } from '../../demo/banks/fdx-app.js'
import { consents, everything, openApp, openid, origin, redirectUri, scope, urlOf } from './scene.js'
import { eventually } from '../../support/until.js'

type App = Awaited<ReturnType<typeof openApp>>

let app: App

beforeAll(async () => {
  app = await openApp()
})

afterEach(() => {
  app.bank.control.reset()
  app.bank.requests.clear()
  app.events.length = 0
})

afterAll(() => app.bank.close())

/** Trusts the bank, and has nothing to show it. */
const withoutCertificate =
  (ca: string): Fetch =>
  (url, init) =>
    fetch(url, { ...init, dispatcher: new Agent({ connect: { ca } }) } as RequestInit)

/** Another app, closed after use. */
async function withApp(work: (other: App) => Promise<void>, ...options: Parameters<typeof openApp>) {
  const other = await openApp(...options)
  try {
    await work(other)
  } finally {
    await other.bank.close()
  }
}

const parPath = '/foxglove/fdx/par'
const tokenPath = '/foxglove/fdx/oauth2/token'
const consentPaths = /^\/foxglove\/fdx\/consents\//
const grantIdOf = ({ details }: Pick<ConnectionDocument, 'details'>) => details['grant_id'] as string

describe('the roles', () => {
  test('fdx 1: the app is the data recipient, its backend the OAuth client, the provider holds data and consent', async () => {
    const { details } = await app.connect()
    expect(details['consent']).toMatchObject({
      parties: [
        { name: 'Countersign demo', type: 'DATA_RECIPIENT' },
        { name: 'Foxglove Federal', type: 'DATA_PROVIDER' },
        { name: 'Ada Lovelace', type: 'INDIVIDUAL' },
      ],
    })
  })

  test('fdx 2: control and access: the person sees the consent and ends it; transparency: what, how long, who', async () => {
    const { id, details } = await app.connect()
    expect(Object.keys(details['consent'] as object).sort()).toEqual([
      'createdTime',
      'durationType',
      'expirationTime',
      'id',
      'lookbackPeriod',
      'parties',
      'resources',
      'status',
    ])
    expect((await app.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
  })

  test('fdx 2: traceability: the backend’s events tell of connecting and disconnecting, without what was shared', async () => {
    const { id, details } = await app.connect()
    await app.call('DELETE', `/connections/${id}`)
    const names = app.events.map(({ name }) => name)
    expect(names).toEqual(['authorization_begun', 'connected', 'disconnected'])
    expect(JSON.stringify(app.events)).not.toContain(grantIdOf({ details }))
  })
})

describe('the page’s preset', () => {
  const options = { clientId: 'c1', issuer: 'https://bank.example/t/w', scope }

  test('fdx 3, 5: knows one mode, bff; weaker ones are a TypeError', () => {
    expect(fdx(options).channel.mode).toBe('bff')
    for (const mode of ['browser', 'mediated'] as never[])
      expect(() => fdx({ ...options, mode })).toThrow(/bound to a certificate.*"bff"/)
  })

  test('fdx 5, 6: takes no certificate and no key', () => {
    for (const secret of [
      { cert: 'PEM' },
      { clientCertificate: 'PEM' },
      { key: 'PEM' },
      { privateKey: 'PEM' },
      { jwks: { keys: [] } },
      { signing: { kty: 'EC', d: 'x' } },
    ]) {
      expect(() => fdx({ ...options, ...secret })).toThrow(TypeError)
    }
  })

  test('fdx 13: knows where people are sent: below the issuer, or where it is told', () => {
    expect(fdx(options).authorizationEndpoint).toBe('https://bank.example/t/w/oauth2/authorize')
    expect(fdx({ ...options, issuer: 'https://bank.example/t/w/' }).authorizationEndpoint).toBe(
      'https://bank.example/t/w/oauth2/authorize',
    )
    const authorizationEndpoint = 'https://elsewhere.example/auth'
    expect(fdx({ ...options, authorizationEndpoint }).authorizationEndpoint).toBe(authorizationEndpoint)
  })

  test('fdx 3, 13: prepares the pushed request ahead of the click, since it has no side effect', () => {
    expect(fdx(options).preparesRemotely).toBe(true)
  })

  test('fdx 17: takes rejected for a refusal, beside access_denied', () => {
    expect(fdx(options).deniedErrors).toEqual(['rejected'])
  })

  test('fdx 18: insists on iss where the data provider keeps to FAPI 2.0', () => {
    expect(fdx(options).requireIss).toBe(false)
    expect(fdx({ ...options, fapi: true }).requireIss).toBe(true)
  })

  test('fdx 10: sends the name of a template, or a choice, and nothing where there is none', () => {
    const { toInput } = fdx(options)
    expect(toInput?.({ consentRequest: 'budget' })).toEqual({ consent_request: 'budget' })
    expect(toInput?.({ consentRequest: { template: 'budget', lookbackPeriod: 30 } })).toEqual({
      consent_request: { template: 'budget', lookbackPeriod: 30 },
    })
    expect(toInput?.({})).toEqual({})
  })

  test('fdx 20, 22: names the grant id and the consent', () => {
    const consent = { id: 'g1', status: 'ACTIVE', resources: [] }
    const { toDetails } = fdx(options)
    expect(toDetails?.({ grant_id: 'g1', consent }, {} as never)).toEqual({
      grantId: 'g1',
      consent,
      missing: [],
    })
  })

  test('fdx 20: has a consent of unknown status where the record has none', () => {
    const { toDetails } = fdx(options)
    expect(toDetails?.({ grant_id: 'g1' }, {} as never).consent).toEqual({
      id: 'g1',
      status: 'unknown',
      resources: [],
    })
  })
})

describe('before the person leaves', () => {
  test('fdx 3: pushes the request, and sends nothing but client_id and request_uri through the browser', async () => {
    const { status, body } = await app.begin()
    expect(status).toBe(201)
    const url = new URL(urlOf(body))
    expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri'])
    expect(app.bank.requests.count(parPath)).toBe(1)
  })

  test('fdx 4: takes every address from the discovery document, once an hour', async () => {
    await withApp(async (other) => {
      await other.begin()
      await other.begin()
      expect(other.bank.requests.count('/foxglove/fdx/.well-known/openid-configuration')).toBe(1)
    })
  })

  test('fdx 4: refuses a document of another issuer, and endpoints on an origin that nobody named', async () => {
    await withApp(
      async (other) => {
        expect((await other.begin()).body['error']).toBe('provider_error')
        expect(JSON.stringify(other.events)).toContain('metadata_invalid:issuer')
      },
      {},
      (recipient) => ({ fetch: withDocument(recipient, { issuer: 'https://other.example' }) }),
    )
    await withApp(
      async (other) => {
        expect((await other.begin()).body['error']).toBe('provider_error')
        expect(other.bank.requests.count(parPath)).toBe(0)
      },
      {},
      () => ({ api: 'https://api.elsewhere.example/' }),
    )
  })

  test('fdx 4: takes endpoints on an origin that is named', async () => {
    await withApp(
      async (other) => expect((await other.begin()).status).toBe(201),
      {},
      ({ bank }) => ({
        api: 'https://api.elsewhere.example/',
        origins: [new URL(bank.api).origin],
      }),
    )
  })

  test('fdx 5: authenticates at PAR and token endpoint by its certificate alone, at the mTLS aliases', async () => {
    await app.connect()
    for (const path of [parPath, tokenPath]) {
      const [request] = app.bank.requests.find(path)
      expect(request?.certificate).toBe(app.certificate.thumbprint)
      expect(request?.headers.host).toBe(new URL(app.bank.api).host)
      expect(request?.headers.authorization).toBeUndefined()
      expect(request?.parameters).not.toHaveProperty('client_secret')
      expect(request?.parameters).not.toHaveProperty('client_assertion')
      expect(request?.parameters['client_id']).toBe(app.bank.clientId)
    }
  })

  test.each([
    ['no certificate', (_other: object, ca: string) => withoutCertificate(ca)],
    [
      'another certificate',
      (other: { cert: string; key: string }, ca: string) => mtlsFetch({ ...other, ca }),
    ],
  ])('fdx 5: comes no further with %s', async (_what, present) => {
    const other = await createClientCertificate('somebody')
    await withApp(
      async (intruder) =>
        expect(await intruder.begin()).toMatchObject({ status: 502, body: { error: 'provider_error' } }),
      {},
      ({ bank }) => ({ fetch: present(other, bank.ca) }),
    )
  })

  test('fdx 6: registers the certificate and the public key, and no private part', async () => {
    const { jwks, cert } = app.certificate
    const [key] = jwks.keys
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', x5c: [cert.replace(/-----[A-Z ]+-----|\s/g, '')] })
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi']) expect(key).not.toHaveProperty(member)
  })

  test('fdx 7: the certificate is the client’s: self-signed, and named like its key', async () => {
    const first = await createClientCertificate('key-1')
    const second = await createClientCertificate('key-1')
    expect(first.jwks.keys[0]?.kid).toBe('key-1')
    expect(second.thumbprint).not.toBe(first.thumbprint)
    const certificate = new X509Certificate(first.cert)
    expect(certificate.subject).toBe('CN=key-1')
    expect(certificate.issuer).toBe(certificate.subject)
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  test('fdx 7: refuses a certificate and a key that do not belong together', async () => {
    const [one, two] = await Promise.all([createClientCertificate('a'), createClientCertificate('b')])
    expect(() => mtlsFetch({ cert: one.cert, key: two.key })).toThrow(/do not belong together/)
  })

  test('fdx 8: asks for a scope and a redirect URI that the backend has, or a part of the scope', async () => {
    expect((await app.begin(undefined, { scope: 'READ_CONSENTS' })).status).toBe(201)
    expect(app.pushed()).toMatchObject({ scope: 'READ_CONSENTS', redirect_uri: redirectUri })
    expect((await app.begin(undefined, { scope: 'READ_CONSENTS EVERYTHING' })).status).toBe(400)
    expect((await app.begin(undefined, { redirect_uri: `${origin}/other` })).status).toBe(400)
  })

  test('fdx 8: says so when the data provider does not allow the scope', async () => {
    await withApp(
      async (other) => {
        expect((await other.begin(undefined, { scope: 'TAX' })).body['error']).toBe('provider_error')
        expect(JSON.stringify(other.events)).toContain('invalid_scope')
      },
      {},
      () => ({ scope: `${scope} TAX` }),
    )
  })

  test('fdx 9, 10: pushes client, redirect URI, code, and the consent as a JSON array', async () => {
    await app.begin()
    const { authorization_details = '', ...parameters } = app.pushed()
    expect(JSON.parse(authorization_details)).toEqual(sampleDetails)
    expect(parameters).toMatchObject({
      client_id: app.bank.clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope,
    })
    expect(app.bank.requests.find(parPath)[0]?.headers['content-type']).toMatch(
      /^application\/x-www-form-urlencoded/,
    )
  })

  test('fdx 18: adds state and S256 to the push, and a nonce with openid', async () => {
    const { state } = await app.begin()
    expect(app.pushed()).toMatchObject({
      state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      code_challenge_method: 'S256',
    })
    expect(app.pushed()).not.toHaveProperty('nonce')
    await withApp(
      async (other) => {
        const more = openid()
        await other.begin(undefined, more)
        expect(other.pushed()).toMatchObject({ nonce: more.nonce })
        await other.begin(undefined, { ...more, scope: 'READ_CONSENTS' })
        expect(other.pushed()).toMatchObject({ scope: 'READ_CONSENTS openid', nonce: more.nonce })
        expect((await other.begin(undefined, { scope: 'READ_CONSENTS' })).status).toBe(400)
      },
      {},
      () => ({ scope: `openid ${scope}` }),
    )
  })

  test('fdx 11: tells the page how long the request URI lives', async () => {
    app.bank.control.next({ requestUriSeconds: 20 })
    expect((await app.begin()).body['expires_in']).toBe(20)
  })

  test.each([
    ['no request_uri', { body: '{"expires_in":60}' }],
    ['no lifetime', { body: '{"request_uri":"urn:x"}' }],
    ['no JSON', { body: 'Welcome' }],
  ])('fdx 11: does not send anybody away with %s in the answer', async (_what, { body }) => {
    app.bank.control.next({ par: { status: 201, body, headers: { 'content-type': 'application/json' } } })
    expect(await app.begin()).toMatchObject({ status: 502, body: { error: 'provider_error' } })
  })

  test('fdx 11: takes nothing but 201 for a yes', async () => {
    const body = '{"request_uri":"urn:x","expires_in":60}'
    app.bank.control.next({ par: { status: 200, body, headers: { 'content-type': 'application/json' } } })
    expect((await app.begin()).status).toBe(502)
  })

  test.each([
    ['a refusal', { error: 'invalid_authorization_details' }, 'provider_error'],
    ['too many requests', { status: 429, headers: { 'retry-after': '7' } }, 'provider_unavailable'],
    ['a broken connection', 'dropped', 'provider_unavailable'],
  ] as const)(
    'fdx 12: answers %s of the PAR endpoint with an error of the contract',
    async (_what, par, error) => {
      app.bank.control.next({ par })
      const { status, body } = await app.begin()
      expect(status).toBeGreaterThanOrEqual(502)
      expect(body['error']).toBe(error)
      expect(Object.keys(body).sort()).toEqual(['error', 'error_description'])
    },
  )

  test('fdx 13: repeats the scope on the authorization URL where it is told to, encoded', async () => {
    await withApp(
      async (other) => {
        const { body } = await other.begin()
        const url = urlOf(body)
        expect(url).toContain('scope=ACCOUNT_BASIC%20UPDATE_CONSENTS%20READ_CONSENTS')
        expect([...new URL(url).searchParams.keys()].sort()).toEqual(['client_id', 'request_uri', 'scope'])
        expect(other.pushed()['scope']).toBe(scope)
      },
      {},
      () => ({ scopeOnUrl: true }),
    )
  })

  test('fdx 13: gets its scope from a server that ignores parameters outside the pushed request', async () => {
    app.bank.control.always({ urlScope: false })
    expect(await app.connect()).toMatchObject({ scope, missing_scope: '' })
  })
})

describe('the consent that is asked for', () => {
  const detail = () =>
    (JSON.parse(app.pushed()['authorization_details'] ?? '[]') as { consentRequest: JsonObject }[])[0]
      ?.consentRequest

  test('fdx 10: is a template of the backend, by its name', async () => {
    await app.begin({ consent_request: 'budget' })
    const { adjustable: _adjustable, ...budget } = consents.budget
    expect(detail()).toEqual(budget)
  })

  test('fdx 10: is what a page has narrowed, where the template lets it', async () => {
    const resources = [{ resourceType: 'ACCOUNT', dataClusters: ['TRANSACTIONS'] }]
    const choice = { template: 'budget', durationPeriod: 30, lookbackPeriod: 10, resources }
    await app.begin({ consent_request: choice })
    expect(detail()).toEqual({
      durationType: 'TIME_BOUND',
      durationPeriod: 30,
      lookbackPeriod: 10,
      resources,
    })
  })

  const budget = (changes: object) => ({ consent_request: { template: 'budget', ...changes } }) as JsonObject
  test.each([
    ['no name where there are two', {}],
    ['an unknown name', { consent_request: 'everything' }],
    ['a name of every object', { consent_request: 'constructor' }],
    ['a list', { consent_request: [] }],
    ['a number', { consent_request: 1 }],
    ['more days than the template', budget({ durationPeriod: 366 })],
    ['a longer look back', budget({ lookbackPeriod: 91 })],
    ['no days', budget({ durationPeriod: 0 })],
    ['half a day', budget({ lookbackPeriod: 0.5 })],
    ['another duration', budget({ durationType: 'PERSISTENT' })],
    ['another type of details', budget({ type: 'payment' })],
    [
      'a resource more',
      budget({ resources: [{ resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] }] }),
    ],
    [
      'a cluster more',
      budget({ resources: [{ resourceType: 'ACCOUNT', dataClusters: ['TRANSACTIONS', 'STATEMENTS'] }] }),
    ],
    [
      'a member more',
      budget({ resources: [{ resourceType: 'ACCOUNT', dataClusters: ['TRANSACTIONS'], id: '1' }] }),
    ],
    ['no clusters', budget({ resources: [{ resourceType: 'ACCOUNT', dataClusters: [] }] })],
    ['no resources', budget({ resources: [] })],
    [
      'fields of a template that has none to adjust',
      { consent_request: { template: 'sample', lookbackPeriod: 1 } },
    ],
    ['authorization details of its own', { consent_request: 'sample', authorization_details: '[]' }],
  ] as [string, JsonObject][])(
    'fdx 10: is refused before anything is pushed, with %s',
    async (_what, input) => {
      expect(await app.begin(input)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
      expect(app.bank.requests.count(parPath)).toBe(0)
    },
  )

  test.each(['ONE_TIME', 'PERSISTENT'] as const)(
    'fdx 10: has a period with %s, too, where the template gives one',
    async (durationType) => {
      await withApp(
        async (other) => {
          expect((await other.begin({})).status).toBe(201)
          expect(JSON.parse(other.pushed()['authorization_details'] ?? '')).toMatchObject([
            { consentRequest: { durationType, durationPeriod: 7 } },
          ])
        },
        {},
        () => ({ consents: { sample: { ...consents.sample, durationType, durationPeriod: 7 } } }),
      )
    },
  )

  test('fdx 10: may go unnamed where there is one template', async () => {
    await withApp(
      async (other) => expect((await other.begin({})).status).toBe(201),
      {},
      () => ({ consents: { sample: consents.sample } }),
    )
  })

  test.each([
    ['there is no template', {}],
    ['the duration is unknown', { a: { ...consents.sample, durationType: 'FOREVER' as never } }],
    ['a period is text', { a: { ...consents.sample, durationPeriod: '3' as never } }],
    ['a period has no days', { a: { ...consents.sample, durationPeriod: 0 } }],
    ['the look back is text', { a: { ...consents.sample, lookbackPeriod: '60' as never } }],
    ['the look back is not whole', { a: { ...consents.sample, lookbackPeriod: 0.5 } }],
    ['TIME_BOUND goes without a period', { a: { ...consents.sample, durationType: 'TIME_BOUND' } }],
    ['nothing is asked for', { a: { ...consents.sample, resources: [] } }],
  ] as [string, FdxBackendOptions['consents']][])(
    'fdx 10: is a TypeError at start where %s',
    (_what, templates) => {
      expect(() => backendFdx({ ...minimal, consents: templates })).toThrow(TypeError)
    },
  )
})

const minimal: FdxBackendOptions = {
  clientId: 'c1',
  redirectUri,
  issuer: 'https://bank.example/t/w',
  api: 'https://bank.example/t/w',
  scope,
  fetch: (url, init) => fetch(url, init),
  consents,
}

describe('at the data provider', () => {
  test('fdx 14: the person is sent to the provider’s own address, and the app asks for no credentials', async () => {
    const begun = await app.begin()
    const { origin: where, pathname } = new URL(urlOf(begun.body))
    expect(`${where}${pathname}`).toBe(`${app.bank.issuer}/oauth2/authorize`)
    expect(JSON.stringify([begun.body, app.pushed()])).not.toMatch(/password|login_hint|username/)
  })

  test.each([
    [950, 'invalid_grant', 1],
    [970, 'transaction_invalid', 0],
  ])(
    'fdx 15: the consent page has a quarter of an hour: a code after %i seconds is %s',
    async (seconds, error, sent) => {
      const begun = await app.begin()
      const response = await app.visit(begun)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
      onTestFinished(() => void vi.useRealTimers())
      // The bank's own code is over after a minute; it is asked as long as the transaction lasts.
      expect((await app.redeem(begun, response)).body['error']).toBe(error)
      expect(app.bank.requests.count(tokenPath)).toBe(sent)
    },
  )

  test('fdx 16, 17: accepting leads back with a code, and what was ticked is what the page learns', async () => {
    const { details } = await app.connect({ consent_request: 'sample' }, [
      ['account', 'fox-1843'],
      ['cluster', 'ACCOUNT/TRANSACTIONS'],
      ['cluster', 'CUSTOMER/CUSTOMER_CONTACT'],
    ])
    expect((details['consent'] as JsonObject)['resources']).toEqual([
      { resourceType: 'ACCOUNT', id: 'fox-1843', dataClusters: ['TRANSACTIONS'] },
      { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
    ])
  })

  test('fdx 17: a person who declines comes back with access_denied, or with rejected', async () => {
    expect((await app.visit(await app.begin(), 'deny')).get('error')).toBe('access_denied')
    app.bank.control.next({ rejected: true })
    expect((await app.visit(await app.begin(), 'deny')).get('error')).toBe('rejected')
    expect(app.bank.requests.count(tokenPath)).toBe(0)
  })

  test('fdx 13: a request URI that was used is not taken again', async () => {
    const begun = await app.begin()
    await app.visit(begun)
    expect((await app.open(urlOf(begun.body))).url.searchParams.get('error')).toBe('invalid_request_uri')
  })
})

describe('the code', () => {
  test('fdx 18, 19: is redeemed with client, redirect URI and verifier, over mutual TLS, without a secret', async () => {
    const begun = await app.begin()
    const response = await app.visit(begun)
    await app.redeem(begun, response)
    const [request] = app.bank.requests.find(tokenPath)
    expect(request?.parameters).toEqual({
      grant_type: 'authorization_code',
      code: response.get('code'),
      client_id: app.bank.clientId,
      redirect_uri: redirectUri,
      code_verifier: begun.verifier,
    })
    expect(request?.certificate).toBe(app.certificate.thumbprint)
  })

  test('fdx 18: is not spent with a verifier, a state or an iss of somebody else', async () => {
    const begun = await app.begin()
    const response = await app.visit(begun)
    const other = await app.begin()
    for (const wrong of [
      { code_verifier: other.verifier },
      { state: other.state },
      { iss: 'https://evil.example' },
    ]) {
      expect((await app.redeem(begun, response, wrong)).body['error']).toBe('transaction_invalid')
    }
    expect(app.bank.requests.count(tokenPath)).toBe(0)
  })

  test('fdx 18: is not spent without the iss that the server has announced', async () => {
    const begun = await app.begin()
    const response = await app.visit(begun)
    response.delete('iss')
    expect((await app.redeem(begun, response)).body['error']).toBe('transaction_invalid')
    expect(app.bank.requests.count(tokenPath)).toBe(0)
  })

  test('fdx 20: gives a connection with the grant id, and no token', async () => {
    const begun = await app.begin()
    const { status, body } = await app.redeem(begun, await app.visit(begun))
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['connection'])
    expect(body['connection']).toMatchObject({
      provider: 'fdx',
      status: 'connected',
      scope,
      details: { grant_id: expect.stringMatching(/^[\w-]+$/) as string },
    })
    expect(JSON.stringify(body)).not.toMatch(/access_token|refresh_token|bearer/i)
  })

  test.each(['bearer', 'Bearer', 'BEARER'])('fdx 20: takes token_type %s', async (token_type) => {
    app.bank.control.next({ tokenResponse: { token_type } })
    expect((await app.connect()).status).toBe('connected')
  })

  test.each([[null], ['../accounts'], ['a/b'], ['..'], [7]])(
    'fdx 20: is refused with the grant_id %j',
    async (grant_id) => {
      app.bank.control.next({ tokenResponse: { grant_id } })
      const begun = await app.begin()
      expect((await app.redeem(begun, await app.visit(begun))).body['error']).toBe('provider_error')
      expect(app.bank.requests.find(consentPaths)).toEqual([])
    },
  )

  test('fdx 20: takes the consent’s id from the member that the data provider has for it', async () => {
    await withApp(
      async (other) => {
        other.bank.control.always({ tokenResponse: { grant_id: null, fdxConsentId: 'c-1' } })
        expect((await other.connect()).details).toMatchObject({ grant_id: 'c-1', consent: { id: 'c-1' } })
        expect(other.bank.requests.find(consentPaths)[0]?.path).toMatch(/c-1$/)
      },
      {},
      () => ({ consentIdMember: 'fdxConsentId' }),
    )
  })

  test('fdx 20: takes the consent’s id from a claim of the access token, too', async () => {
    const payload = Buffer.from(JSON.stringify({ fdxConsentId: 'c-2' })).toString('base64url')
    await withApp(
      async (other) => {
        other.bank.control.always({ tokenResponse: { grant_id: null, access_token: `e30.${payload}.c2ln` } })
        expect((await other.connect()).details).toMatchObject({ grant_id: 'c-2' })
        other.bank.control.always({ tokenResponse: { grant_id: null, access_token: 'e30.bm90anNvbg.c2ln' } })
        const begun = await other.begin()
        expect((await other.redeem(begun, await other.visit(begun))).body['error']).toBe('provider_error')
      },
      {},
      () => ({ consentIdMember: 'fdxConsentId' }),
    )
  })

  test('fdx 20: the token endpoint of mediated mode does not exist for it', async () => {
    const { id } = await app.connect()
    const { status, body } = await app.call('POST', `/connections/${id}/access-token`, {})
    expect(status).toBeGreaterThanOrEqual(400)
    expect(body).not.toHaveProperty('access_token')
  })
})

describe('the consent', () => {
  test('fdx 21: is fetched with the token in the header, over mutual TLS, and told to the page', async () => {
    const { details } = await app.connect()
    const [request] = app.bank.requests.find(consentPaths)
    expect(request).toMatchObject({
      method: 'GET',
      path: `/foxglove/fdx/consents/${grantIdOf({ details })}`,
      authorizationScheme: 'Bearer',
      certificate: app.certificate.thumbprint,
      parameters: {},
    })
    expect(details['consent']).toMatchObject({
      id: details['grant_id'],
      status: 'ACTIVE',
      durationType: 'ONE_TIME',
    })
    expect(details['missing']).toEqual([])
  })

  test('fdx 21: names the page’s request in every request, and the acting party at the API', async () => {
    const { id, details } = await app.connect()
    await app.call('GET', `/connections/${id}/resource/consents/${grantIdOf({ details })}`)
    await app.call('DELETE', `/connections/${id}`)
    const sent = [parPath, tokenPath, consentPaths].flatMap((path) => app.bank.requests.find(path))
    const ids = sent.map(({ headers }) => headers['x-fapi-interaction-id'])
    // The consent is read in the request that redeems the code.
    const [pushed, redeemed, ...consents] = ids
    expect(consents).toEqual([redeemed, expect.any(String), expect.any(String)])
    expect(new Set(ids).size).toBe(4)
    for (const one of ids) expect(one).toMatch(/^[\da-f-]{36}$/)
    const correlations = app.events.map(({ correlation }) => correlation)
    expect(correlations).toEqual(expect.arrayContaining([pushed, redeemed]))
    const actors = app.bank.requests.find(consentPaths).map(({ headers }) => headers['fdx-api-actor-type'])
    expect(actors).toEqual(['USER', 'USER', 'USER'])
  })

  test('fdx 21: keeps the names of FDX 6, and addresses only where they are https', async () => {
    const party = {
      name: 'Midwest Primary Bank',
      type: 'DATA_PROVIDER',
      homeUri: 'https://bank.example/',
      logoUri: 'https://bank.example/logo.png',
      registry: 'FDX',
      registeredEntityName: 'Midwest Primary Bank, NA',
      registeredEntityId: 'MPB-1',
    }
    const unsafe = { name: 'A', homeUri: 'javascript:alert(1)', logoUri: 'http://bank.example/logo.png' }
    const resources = [{ resourceType: 'ACCOUNT', resourceId: 'fox-1815', dataClusters: ['TRANSACTIONS'] }]
    await withApp(
      async (other) => {
        const consent = (await other.connect()).details['consent'] as Record<string, unknown>
        expect(consent['parties']).toEqual([party, { name: 'A' }])
        expect(consent['resources']).toEqual([
          { resourceType: 'ACCOUNT', id: 'fox-1815', dataClusters: ['TRANSACTIONS'] },
        ])
      },
      {},
      (recipient) => ({
        fetch: withConsent(recipient, () => ({ parties: [{ ...party, secret: 's' }, unsafe], resources })),
      }),
    )
  })

  test('fdx 21: says until when: consent_expires_at is its expirationTime', async () => {
    const connection = await app.connect({ consent_request: 'budget' }, everything)
    const { expirationTime } = connection.details['consent'] as { expirationTime: string }
    expect(connection.consent_expires_at).toBe(Math.floor(Date.parse(expirationTime) / 1000))
    expect(connection.consent_expires_at).toBeGreaterThan(connection.created_at + 364 * 86_400)
  })

  test('fdx 10, 21: what was asked for and not granted is told', async () => {
    const { details } = await app.connect({ consent_request: 'sample' }, [
      ['account', 'fox-1815'],
      ['cluster', 'ACCOUNT/TRANSACTIONS'],
    ])
    expect(details['missing']).toEqual([
      { resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_DETAILED', 'STATEMENTS'] },
      { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
    ])
    expect(details['consent']).toMatchObject({
      resources: [{ resourceType: 'ACCOUNT', id: 'fox-1815', dataClusters: ['TRANSACTIONS'] }],
    })
  })

  test.each([
    ['fails', { status: 500 }, 'status_500'],
    ['refuses', { status: 403 }, 'status_403'],
    ['breaks off', 'dropped', 'no_answer'],
    [
      'tells of another consent',
      { status: 200, body: '{"id":"x","status":"ACTIVE","resources":[]}' },
      'unreadable',
    ],
    ['sends a page', { status: 200, body: '<script>alert(1)</script>' }, 'unreadable'],
  ] as const)(
    'fdx 21: where the consent API %s, the connection stands, its consent is unknown, and an event says why',
    async (_what, api, why) => {
      app.bank.control.next({
        api: typeof api === 'string' ? api : { ...api, headers: { 'content-type': 'application/json' } },
      })
      const { status, details } = await app.connect({ consent_request: 'sample' }, [
        ['account', 'fox-1815'],
        ['cluster', 'ACCOUNT/ACCOUNT_DETAILED'],
        ['cluster', 'ACCOUNT/TRANSACTIONS'],
        ['cluster', 'ACCOUNT/STATEMENTS'],
      ])
      expect(status).toBe('connected')
      expect(app.events.find(({ name }) => name === 'connected')?.reason).toBe(`consent_unread:${why}`)
      const accounts = ['ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS']
      expect(details['consent']).toEqual({
        id: grantIdOf({ details }),
        status: 'unknown',
        resources: [{ resourceType: 'ACCOUNT', id: 'fox-1815', dataClusters: accounts }],
      })
      expect(details['missing']).toEqual([{ resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] }])
    },
  )

  test('fdx 10, 21: where the token response tells of other authorizations, too, only the consent counts', async () => {
    const resources = [{ resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_DETAILED'] }]
    app.bank.control.next({
      api: { status: 500 },
      tokenResponse: {
        authorization_details: [
          { type: 'payment_initiation', consentRequest: { resources: [] } },
          { type: 'fdx_v1.0', consentRequest: { resources } },
        ],
      },
    })
    const { details } = await app.connect({ consent_request: 'sample' }, everything)
    expect(details['missing']).toEqual([
      { resourceType: 'ACCOUNT', dataClusters: ['TRANSACTIONS', 'STATEMENTS'] },
      { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
    ])
  })

  test('fdx 22: token and grant id open it through the backend, for this connection and no other', async () => {
    const [mine, other] = [await app.connect(), await app.connect()]
    const at = (path: string) => app.call('GET', `/connections/${mine.id}/resource/${path}`)
    const own = `consents/${grantIdOf(mine)}`
    expect((await at(own)).body).toMatchObject({ id: mine.details['grant_id'], status: 'ACTIVE' })
    expect((await at(`${own}/revocation`)).status).toBe(404)
    app.bank.requests.clear()
    for (const path of [`consents/${grantIdOf(other)}`, 'consents', 'accounts', `${own}/..`])
      expect((await at(path)).body['error']).toBe('not_found')
    expect((await app.call('PUT', `/connections/${mine.id}/resource/${own}/revocation`, {})).status).toBe(405)
    expect(app.bank.requests.all).toEqual([])
  })

  test('fdx 22: opens data, too, where the backend lists it', async () => {
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        const { body } = await other.call('GET', `/connections/${id}/resource/accounts`)
        expect(body['accounts']).toHaveLength(2)
        expect(other.bank.requests.find('/foxglove/fdx/accounts')[0]?.certificate).toBe(
          other.certificate.thumbprint,
        )
      },
      {},
      () => ({ routes: [{ method: 'GET', path: '/accounts' }] }),
    )
  })

  test('fdx 22: a request for data says whether the person is there: USER for a page, BATCH for the server on its own', async () => {
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        await other.call('GET', `/connections/${id}/resource/accounts`)
        await other.backend.connections.fetch({ subject: 'robin', id }, '/accounts')
        const asked = other.bank.requests.find('/foxglove/fdx/accounts')
        expect(asked.map(({ headers }) => headers['fdx-api-actor-type'])).toEqual(['USER', 'BATCH'])
      },
      {},
      () => ({ routes: [{ method: 'GET', path: '/accounts' }] }),
    )
  })

  test('fdx 23: reaches the page as the members that are known, and no more; the token never does', async () => {
    const { details } = await app.connect()
    const consent = details['consent'] as JsonObject
    const body = JSON.stringify({
      ...consent,
      durationType: ['ONE_TIME'],
      html: '<img onerror=alert(1)>',
      access_token: 'secret',
      parties: [{ name: 'A', type: 1, secret: 's' }, 'B', null],
      resources: [{ resourceType: 'ACCOUNT', dataClusters: ['TRANSACTIONS', 7], token: 't' }, 'x'],
    })
    app.bank.control.next({
      tokenResponse: { grant_id: grantIdOf({ details }) },
      api: { status: 200, headers: { 'content-type': 'application/json' }, body },
    })
    const told = (await app.connect()).details
    expect(told['consent']).toEqual({
      id: details['grant_id'],
      status: 'ACTIVE',
      createdTime: consent['createdTime'],
      expirationTime: consent['expirationTime'],
      lookbackPeriod: 60,
      parties: [{ name: 'A' }],
      resources: [{ resourceType: 'ACCOUNT', dataClusters: ['TRANSACTIONS'] }],
    })
  })
})

describe('a 403 of the API', () => {
  const headers = { 'content-type': 'application/json' }
  const forbidden = { status: 403, headers, body: '{"code":"403"}' }

  test.each([
    ['REVOKED', 409, 'reauthorization_required'],
    ['EXPIRED', 409, 'reauthorization_required'],
    ['ACTIVE', 403, 'connected'],
  ])('means what the record of the consent says: %s', async (now, status, means) => {
    let said = 'ACTIVE'
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        said = now
        other.bank.control.next({ api: forbidden })
        expect((await other.call('GET', `/connections/${id}/resource/accounts`)).status).toBe(status)
        expect((await other.call('GET', '/connections')).body['connections']).toMatchObject([
          { id, status: means },
        ])
      },
      {},
      (recipient) => ({
        fetch: withConsent(recipient, (method) => (method === 'GET' ? { status: said } : {})),
        routes: [{ method: 'GET', path: '/accounts' }],
      }),
    )
  })
})

describe('ending the consent', () => {
  const revocationPath = /\/revocation$/

  test('fdx 2, 22: revokes it at the data provider, by the person’s wish', async () => {
    const { id, details } = await app.connect()
    expect(await app.call('DELETE', `/connections/${id}`)).toEqual({ status: 200, body: { revoked: true } })
    const [request] = app.bank.requests.find(revocationPath)
    expect(request).toMatchObject({
      method: 'PUT',
      path: `/foxglove/fdx/consents/${grantIdOf({ details })}/revocation`,
      parameters: { reason: 'USER_ACTION', initiator: 'INDIVIDUAL' },
      certificate: app.certificate.thumbprint,
    })
    expect((await app.call('GET', '/connections')).body['connections']).not.toContainEqual(
      expect.objectContaining({ id }),
    )
  })

  test('fdx 22: says who and why as it is told to', async () => {
    const revocation = { reason: 'BUSINESS_RULE', initiator: 'DATA_RECIPIENT' } as const
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        await other.call('DELETE', `/connections/${id}`)
        expect(other.bank.requests.find(revocationPath)[0]?.parameters).toEqual(revocation)
      },
      {},
      () => ({ revocation }),
    )
  })

  test.each([
    ['409, since it had ended before', 409, { revoked: true }],
    ['404 of a server that has no consents', 404, { revoked: false, reason: 'refused' }],
    ['403', 403, { revoked: false, reason: 'refused' }],
    ['500', 500, { revoked: false, reason: 'unreachable' }],
  ])('fdx 22: with the answer %s', async (_what, status, result) => {
    const { id } = await app.connect()
    app.bank.control.next({ api: { status, body: '' } })
    expect((await app.call('DELETE', `/connections/${id}`)).body).toEqual(result)
  })

  test('fdx 22: with a token that is over, cannot be confirmed; the connection is forgotten all the same', async () => {
    const { id } = await app.connect()
    await app.bank.control.act('expireAccessTokens')
    expect((await app.call('DELETE', `/connections/${id}`)).body).toEqual({
      revoked: false,
      reason: 'refused',
    })
    expect((await app.call('DELETE', `/connections/${id}`)).body['error']).toBe('unknown_connection')
  })

  test('fdx 22: refreshes for it where there is a refresh token', async () => {
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        await other.bank.control.act('expireAccessTokens')
        expect((await other.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
        expect(other.bank.requests.count(tokenPath, { grant_type: 'refresh_token' })).toBe(1)
      },
      {},
      () => ({ scope: `${scope} offline_access` }),
    )
  })

  test('fdx 22: with 404 of the consent API, is over already', async () => {
    const { id } = await app.connect()
    const body = '{"error":{"code":"602","message":"Consent not found."}}'
    const headers = { 'content-type': 'application/json' }
    app.bank.control.next({ api: { status: 404, headers, body } })
    expect((await app.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
  })

  test.each(['REVOKED', 'EXPIRED'])(
    'fdx 22: a consent whose record says %s is over already, whatever the revocation answers',
    async (status) => {
      await withApp(
        async (other) => {
          const connection = await other.connect()
          other.bank.control.next({ api: { status: 400, body: '' } })
          expect((await other.call('DELETE', `/connections/${connection.id}`)).body).toEqual({
            revoked: true,
          })
        },
        {},
        (recipient) => ({
          fetch: withConsent(recipient, (method) => (method === 'GET' ? { status } : {})),
        }),
      )
    },
  )

  describe('by the client’s own token', () => {
    const clientScope = 'READ_CONSENTS UPDATE_CONSENTS'
    const own = { grant_type: 'client_credentials', scope: clientScope }

    test('fdx 22: reads and ends the consent where the person’s token may not', async () => {
      await withApp(
        async (other) => {
          other.bank.control.always({ clientConsents: true })
          const { id, details } = await other.connect()
          expect(details['consent']).toMatchObject({ id: grantIdOf({ details }), status: 'ACTIVE' })
          const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
          expect((await other.call('GET', path)).body).toMatchObject({ status: 'ACTIVE' })
          expect((await other.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
          expect(other.bank.requests.count(tokenPath, own)).toBeGreaterThan(0)
        },
        {},
        () => ({ clientScope }),
      )
    })

    test('fdx 22: begins with it: nothing of the consent is asked for with the person’s token', async () => {
      await withApp(
        async (other) => {
          const { id, details } = await other.connect()
          await other.call('GET', `/connections/${id}/resource/consents/${grantIdOf({ details })}`)
          const personal = personalToken(other)
          await other.call('DELETE', `/connections/${id}`)
          const sent = other.bank.requests.find(consentPaths).map(({ headers }) => headers.authorization)
          expect(sent).toHaveLength(3)
          expect(sent).not.toContain(await personal)
        },
        {},
        () => ({ clientScope, routes: [{ method: 'GET', path: '/accounts' }] }),
      )

      /** The token that opens the accounts is the person's. */
      async function personalToken(other: App): Promise<string | undefined> {
        const { connections } = (await other.call('GET', '/connections')).body as unknown as {
          connections: { id: string }[]
        }
        await other.call('GET', `/connections/${connections[0]?.id ?? ''}/resource/accounts`)
        return other.bank.requests.find('/foxglove/fdx/accounts')[0]?.headers.authorization
      }
    })

    test('fdx 22: never uses it for data', async () => {
      await withApp(
        async (other) => {
          const { id } = await other.connect()
          const answer = await other.call('GET', `/connections/${id}/resource/accounts`)
          expect(answer.body['accounts']).toHaveLength(2)
        },
        {},
        () => ({ clientScope, routes: [{ method: 'GET', path: '/accounts' }] }),
      )
    })

    test('fdx 22: goes on with the consent’s token where the client may not have one, or not for this', async () => {
      for (const refused of ['everything', 'UPDATE_CONSENTS'])
        await withApp(
          async (other) => {
            const { id, details } = await other.connect()
            expect(details['consent']).toMatchObject({ status: 'ACTIVE' })
            const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
            expect((await other.call('GET', path)).status).toBe(200)
            expect((await other.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
          },
          {},
          () => ({ clientScope: refused }),
        )
    })

    test('fdx 22: asks once for another token where the API refuses its own, and uses that', async () => {
      await withApp(
        async (other) => {
          other.bank.control.always({ clientConsents: true })
          const { id, details } = await other.connect()
          const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
          const asked = () => other.bank.requests.count(tokenPath, own)
          expect(asked()).toBe(1)
          other.bank.control.next({ api: { status: 401 } })
          expect((await other.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
          expect(asked()).toBe(2)
          const again = await other.connect()
          other.bank.control.next({ api: { status: 401 } })
          const next = path.replace(id, again.id).replace(grantIdOf({ details }), grantIdOf(again))
          await other.call('GET', next)
          expect((await other.call('GET', next)).body).toMatchObject({ status: 'ACTIVE' })
          expect(asked()).toBe(3)
        },
        {},
        () => ({ clientScope }),
      )
    })

    test('fdx 22: ends the consent when its own token is over', async () => {
      await withApp(
        async (other) => {
          const { id } = await other.connect()
          await other.bank.control.act('expireAccessTokens')
          expect((await other.call('DELETE', `/connections/${id}`)).body).toEqual({ revoked: true })
        },
        {},
        () => ({ clientScope }),
      )
    })
  })
})

describe('a consent whose end was not confirmed', () => {
  const clientScope = 'READ_CONSENTS UPDATE_CONSENTS'
  const down = { api: { status: 503 } }

  /** Reads the list `seconds` later, which is when the end is tried again. */
  async function later(other: App, seconds: number) {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
    onTestFinished(() => void vi.useRealTimers())
    return (await other.call('GET', '/connections')).body
  }
  const ended = (other: App) =>
    eventually(() => {
      expect(other.events.map(({ name }) => name)).toContain('grant_ended')
    })
  const revocations = (other: App) => other.bank.requests.find(/\/revocation$/)

  test('fdx 22: is ended by a later attempt, and is in no list meanwhile', async () => {
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        other.bank.control.next(down)
        expect((await other.call('DELETE', `/connections/${id}`)).body).toEqual({
          revoked: false,
          reason: 'unreachable',
        })
        expect(await later(other, 700)).toEqual({ connections: [] })
        await ended(other)
        expect(revocations(other).map(({ status }) => status)).toEqual([503, 204])
        other.bank.requests.clear()
        await later(other, 86_400)
        await later(other, 86_400)
        expect(revocations(other)).toEqual([])
      },
      {},
      () => ({ clientScope }),
    )
  })

  test('fdx 22: is kept as its id alone where the client has a token of its own', async () => {
    await withApp(
      async (other) => {
        const { id, details } = await other.connect()
        other.bank.control.next(down)
        await other.call('DELETE', `/connections/${id}`)
        const kept = JSON.stringify(await other.stored('endings'))
        expect(kept).toContain(grantIdOf({ details }))
        expect(kept).not.toMatch(/token/i)
      },
      {},
      () => ({ clientScope, scope: `${scope} offline_access` }),
    )
  })

  test('fdx 22: is ended with the refresh token where the client has none, also with the one that replaced it', async () => {
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        await other.bank.control.act('expireAccessTokens')
        other.bank.control.always(down)
        await other.call('DELETE', `/connections/${id}`)
        other.bank.control.reset()
        await later(other, 700)
        await ended(other)
        const used = other.bank.requests.find(tokenPath, { grant_type: 'refresh_token' })
        expect(new Set(used.map(({ parameters }) => parameters['refresh_token'])).size).toBe(used.length)
      },
      {},
      () => ({ scope: `${scope} offline_access` }),
    )
  })

  test('fdx 22: leaves nothing behind where no later attempt could end it', async () => {
    const { id } = await app.connect()
    app.bank.control.next(down)
    await app.call('DELETE', `/connections/${id}`)
    expect(await app.stored('endings')).toEqual([])
  })

  test('fdx 22: is tried again at growing distances, and forgotten after seven days', async () => {
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        other.bank.control.always({ api: { status: 403 } })
        await other.call('DELETE', `/connections/${id}`)
        other.bank.requests.clear()
        await later(other, 300)
        expect(revocations(other)).toEqual([])
        await later(other, 400)
        await eventually(() => expect(revocations(other)).not.toEqual([]))
        other.bank.requests.clear()
        await later(other, 700)
        expect(revocations(other)).toEqual([])
        await later(other, 7 * 86_400)
        expect(revocations(other)).toEqual([])
        expect(await other.stored('endings')).toEqual([])
      },
      {},
      () => ({ clientScope }),
    )
  })
})

describe('refreshing', () => {
  test('fdx 5, 20: uses the refresh token over mutual TLS, and keeps consent and grant id', async () => {
    await withApp(
      async (other) => {
        other.bank.control.next({ accessTokenSeconds: 1 })
        const { id, details } = await other.connect()
        const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
        expect((await other.call('GET', path)).status).toBe(200)
        const [refresh] = other.bank.requests.find(tokenPath, { grant_type: 'refresh_token' })
        expect(refresh?.certificate).toBe(other.certificate.thumbprint)
        const { connections } = (await other.call('GET', '/connections')).body as unknown as {
          connections: { details: JsonObject }[]
        }
        expect(connections[0]?.details).toEqual(details)
      },
      {},
      () => ({ scope: `${scope} offline_access` }),
    )
  })

  test('fdx 20: takes no refreshed tokens whose ID Token names another person', async () => {
    await withApp(
      async (other) => {
        other.bank.control.next({ accessTokenSeconds: 1 })
        const begun = await other.begin(undefined, openid(' offline_access'))
        const { body } = await other.redeem(begun, await other.visit(begun))
        const { id, details } = body['connection'] as unknown as ConnectionDocument
        other.bank.control.next({ idToken: { claims: { sub: 'somebody-else' } } })
        const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
        expect((await other.call('GET', path)).body['error']).toBe('reauthorization_required')
        expect(other.bank.requests.count(tokenPath, { grant_type: 'refresh_token' })).toBe(1)
        expect(other.bank.requests.count(consentPaths)).toBe(1)
      },
      {},
      () => ({ scope: `openid ${scope} offline_access` }),
    )
  })

  test('fdx 20: goes on with the new refresh token after the provider’s keys were out of reach', async () => {
    await withApp(
      async (other) => {
        other.bank.control.next({ accessTokenSeconds: 1 })
        const begun = await other.begin(undefined, openid(' offline_access'))
        const { body } = await other.redeem(begun, await other.visit(begun))
        const { id, details } = body['connection'] as unknown as ConnectionDocument
        const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400_000 })
        onTestFinished(() => void vi.useRealTimers())
        other.bank.control.next({ jwks: { status: 503 } })
        expect((await other.call('GET', path)).body['error']).toBe('provider_unavailable')
        expect(other.bank.requests.count(consentPaths)).toBe(1)
        expect((await other.call('GET', path)).status).toBe(200)
        const used = other.bank.requests.find(tokenPath, { grant_type: 'refresh_token' })
        expect(new Set(used.map(({ parameters }) => parameters['refresh_token'])).size).toBe(2)
      },
      {},
      () => ({ scope: `openid ${scope} offline_access` }),
    )
  })

  test('fdx 20: asks for a new consent where there is none to use', async () => {
    app.bank.control.next({ accessTokenSeconds: 1 })
    const { id, details } = await app.connect()
    const path = `/connections/${id}/resource/consents/${grantIdOf({ details })}`
    expect((await app.call('GET', path)).body['error']).toBe('reauthorization_required')
  })
})

describe('FAPI 2.0', () => {
  const strict = { fapi: true }
  const withOpenid = () => ({ fapi: true, scope: `openid ${scope}` })

  test('fdx 3: connects with PAR, S256, iss and an ID Token signed with PS256', async () => {
    await withApp(
      async (other) => {
        const begun = await other.begin(undefined, openid())
        const { body } = await other.redeem(begun, await other.visit(begun))
        expect(body['connection']).toMatchObject({ status: 'connected' })
      },
      strict,
      withOpenid,
    )
  })

  test('fdx 3: refuses an ID Token signed with RS256', async () => {
    await withApp(
      async (other) => {
        const begun = await other.begin(undefined, openid())
        expect((await other.redeem(begun, await other.visit(begun))).body['error']).toBe('provider_error')
        expect(JSON.stringify(other.events)).toContain('id_token_invalid:alg')
      },
      {},
      withOpenid,
    )
  })

  test('fdx 3: without it, RS256 is taken', async () => {
    await withApp(
      async (other) => {
        const { scope: asked, nonce } = openid()
        const begun = await other.begin(undefined, { scope: asked, nonce })
        expect((await other.redeem(begun, await other.visit(begun))).status).toBe(200)
      },
      {},
      () => ({ scope: `openid ${scope}` }),
    )
  })

  test.each([
    'authorization_response_iss_parameter_supported',
    'tls_client_certificate_bound_access_tokens',
    'code_challenge_methods_supported',
  ])('fdx 3: does not begin where the server does not announce %s', async (member) => {
    await withApp(
      async (other) => {
        expect((await other.begin()).body['error']).toBe('provider_error')
        expect(JSON.stringify(other.events)).toContain(`metadata_invalid:${member}`)
        expect(other.bank.requests.count(parPath)).toBe(0)
      },
      strict,
      (recipient) => ({ fapi: true, fetch: withDocument(recipient, { [member]: undefined }) }),
    )
  })

  test('fdx 22: sends no token of the client that is bound to nothing', async () => {
    const unbound = `${btoa('{"alg":"none"}')}.${btoa('{"sub":"client"}')}.c2ln`
    await withApp(
      async (other) => {
        const { id } = await other.connect()
        await other.call('DELETE', `/connections/${id}`)
        const sent = other.bank.requests.all.map(({ headers }) => headers.authorization)
        expect(sent.filter((one) => one?.includes(unbound))).toEqual([])
        expect(other.bank.requests.count(tokenPath, { grant_type: 'client_credentials' })).toBeGreaterThan(0)
      },
      strict,
      ({ bank, certificate: { cert, key } }) => {
        const send = mtlsFetch({ cert, key, ca: bank.ca })
        return {
          fapi: true,
          clientScope: 'READ_CONSENTS UPDATE_CONSENTS',
          fetch: async (url: string, init: RequestInit) => {
            const response = await send(url, init)
            if (!new URLSearchParams(init.body as string).has('grant_type', 'client_credentials'))
              return response
            return Response.json({ ...((await response.json()) as object), access_token: unbound })
          },
        }
      },
    )
  })

  test('fdx 13: has no scope on the URL: both together are a TypeError', () => {
    expect(() => backendFdx({ ...minimal, fapi: true, scopeOnUrl: true })).toThrow(/scopeOnUrl/)
  })
})

/** A fetch that changes members of the discovery document. */
function withDocument(
  { bank, certificate: { cert, key } }: Pick<App, 'bank' | 'certificate'>,
  changes: Readonly<Record<string, unknown>>,
) {
  const send = mtlsFetch({ cert, key, ca: bank.ca })
  return async (url: string, init: RequestInit) => {
    const response = await send(url, init)
    if (!url.includes('.well-known')) return response
    return Response.json({ ...((await response.json()) as object), ...changes })
  }
}

/** A fetch that changes members of the consents that are read. */
function withConsent(
  { bank, certificate: { cert, key } }: Pick<App, 'bank' | 'certificate'>,
  changesOf: (method: string) => Readonly<Record<string, unknown>>,
) {
  const send = mtlsFetch({ cert, key, ca: bank.ca })
  return async (url: string, init: RequestInit) => {
    const response = await send(url, init)
    const { method = 'GET' } = init
    if (!url.includes('/consents/') || response.status !== 200) return response
    return Response.json({ ...((await response.json()) as object), ...changesOf(method) })
  }
}

describe('the backend’s options', () => {
  test.each([
    ['no client id', { clientId: '' }],
    ['no fetch', { fetch: undefined as never }],
    ['an issuer without https', { issuer: 'http://bank.example' }],
    ['an API without https', { api: 'http://bank.example' }],
    ['a token for the consent’s id', { consentIdMember: 'access_token' }],
  ])('fdx 5: are refused at start with %s', (_what, wrong) => {
    expect(() => backendFdx({ ...minimal, ...wrong })).toThrow(TypeError)
  })
})

test('fdx 23: no event, answer or log line holds a token, a code or a key', async () => {
  const lines = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const begun = await app.begin()
  const response = await app.visit(begun)
  const { body } = await app.redeem(begun, response)
  const token = app.bank.requests.find(consentPaths)[0]?.headers.authorization?.split(' ')[1] ?? ''
  const told = JSON.stringify([body, begun.body, app.events])
  for (const secret of [
    token,
    response.get('code') ?? '',
    app.certificate.key.slice(30, 60),
    begun.verifier,
  ]) {
    expect(secret.length).toBeGreaterThan(20)
    expect(told).not.toContain(secret)
  }
  expect(lines).not.toHaveBeenCalled()
})
