// What is asked of both servers. A story resolves with what matters of the answers.
import { decodeJwt } from 'jose'
import { vi } from 'vitest'
import { verifier, type Answer, type Back, type Place } from './place.js'
import {
  basisSecrets,
  consentRequest,
  createMoneyhubUser,
  detailsOf,
  mockBank,
  moneyhubClaims,
  ownToken,
  signInitToken,
  type Name,
} from './pairs.js'

export type Story = (place: Place) => Promise<unknown>
export type Stories = Readonly<Record<string, Story>>

const verdict = ({ status, body }: Answer) => ({ status, error: body['error'] })

/** For what the servers refuse each in their own way: by a page, or at the redirect URI. */
const isRefused = (back: Back) => back === 'page' || 'error' in back

const keysOf = (given: object | string) => (typeof given === 'string' ? given : Object.keys(given).sort())

const refusalOf = (back: Back) =>
  back === 'page' ? 'page' : { error: back['error'], state: back['state'], pushed: back['pushed'] }

/** Claims that a server may leave out: the kit has them at every bank, so that they are checked. */
const optionalClaims = /^(?:acr|nbf|at_hash|s_hash|auth_time)$/

const claimsOf = ({ body }: Answer) => decodeJwt(String(body['id_token']))

/** Lets seconds pass for both servers, and for the client. */
async function later<T>(seconds: number, work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 })
  try {
    return await work()
  } finally {
    vi.useRealTimers()
  }
}

/** Every provider has these. */
const common: Stories = {
  'a request without code_challenge': async (place) =>
    refusalOf(await place.authorize({ code_challenge: undefined })),
  'a request for a token': async (place) => refusalOf(await place.authorize({ response_type: 'token' })),
  'another redirect URI': async (place) =>
    refusalOf(await place.authorize({ redirect_uri: `${place.redirectUri}/other` })),
  'an unknown client': async (place) => refusalOf(await place.authorize({ client_id: 'somebody' })),
  'a request without scope': async (place) => refusalOf(await place.authorize({ scope: undefined })),
  'a code': async (place) => keysOf(await place.authorize()),
  'a refusal': async (place) => {
    const back = await place.authorize({}, 'deny')
    return [keysOf(back), refusalOf(back)]
  },
  'a cancellation': async (place) => refusalOf(await place.authorize({}, 'cancel')),
  'a code that is redeemed': async (place) => {
    const { status, body } = await place.redeem()
    return [status, keysOf(body), body['token_type'], body['expires_in']]
  },
  'a code without its verifier': async (place) => verdict(await place.redeem({ code_verifier: undefined })),
  'a code with another verifier': async (place) =>
    verdict(await place.redeem({ code_verifier: verifier.replace('0', '1') })),
  'a code with another redirect URI': async (place) =>
    verdict(await place.redeem({ redirect_uri: `${place.redirectUri}/other` })),
  'a made-up code': async (place) => verdict(await place.redeem({ code: 'made-up' })),
  'no code': async (place) => verdict(await place.redeem({ code: undefined })),
  'a code that has expired': async (place) => {
    const code = await place.code()
    return later(3600, async () => verdict(await place.redeem({ code })))
  },
  'a code that is redeemed twice, and what it had given': async (place) => {
    const code = await place.code()
    const first = await place.redeem({ code })
    return [
      first.status,
      verdict(await place.redeem({ code })),
      (await place.api(first.body['access_token'])).status,
      verdict(await place.refresh(first.body['refresh_token'])),
    ]
  },
  'a refresh token that is used': async (place) => {
    const { body } = await place.redeem()
    const second = await place.refresh(body['refresh_token'])
    return [second.status, keysOf(second.body)]
  },
  'a made-up refresh token': async (place) => verdict(await place.refresh('made-up')),
  'no refresh token': async (place) => verdict(await place.post('token', { grant_type: 'refresh_token' })),
  'an unknown grant type': async (place) => verdict(await place.post('token', { grant_type: 'password' })),
  'no grant type': async (place) => verdict(await place.post('token', {})),
  'no credentials': async (place) => verdict(await place.redeem({}, {})),
  'the API, without a token, with a made-up one, with a good one, and with one that has expired': async (
    place,
  ) => {
    const { body } = await place.redeem()
    const { client } = place
    const token = client.dataToken ? await client.dataToken(place, body) : body['access_token']
    const path =
      typeof body['profile_id'] === 'string' ? { path: `profiles/${body['profile_id']}` } : undefined
    const call = async (given: unknown) => {
      const { status, body: said } = await place.api(given, path)
      return status === 200 ? status : [status, said['error']]
    }
    return [
      (await place.api(undefined, path)).status,
      await call('made-up'),
      await call(token),
      await later(10_000, () => call(token)),
    ]
  },
}

/** Those with ID Tokens, and refresh tokens that are good once. */
const openid: Stories = {
  'an ID Token': async (place) => {
    const { nonce, aud, ...claims } = claimsOf(await place.redeem())
    return [
      nonce,
      typeof aud,
      Object.keys(claims)
        .sort()
        .filter((name) => !optionalClaims.test(name)),
    ]
  },
  'a request with a plain code_challenge': async (place) =>
    refusalOf(await place.authorize({ code_challenge_method: 'plain' })),
  'a token of the client’s own': async (place) =>
    verdict(await place.post('token', { grant_type: 'client_credentials', scope: 'openid' })),
  'another client id': async (place) => verdict(await place.redeem({ client_id: 'somebody' })),
  'a refresh for less, and for more': async (place) => {
    const { body } = await place.redeem()
    const less = await place.refresh(body['refresh_token'], { scope: 'openid' })
    const more = await place.refresh(less.body['refresh_token'], { scope: 'openid made-up' })
    return [less.status, less.body['scope'], verdict(more)]
  },
  'a refresh token that is used twice, and what it had given': async (place) => {
    const first = await place.redeem()
    const second = await place.refresh(first.body['refresh_token'])
    return [
      second.status,
      verdict(await place.refresh(first.body['refresh_token'])),
      verdict(await place.refresh(second.body['refresh_token'])),
      (await place.api(second.body['access_token'])).status,
    ]
  },
}

const revocation: Stories = {
  'a token that is revoked, and what is left': async (place) => {
    const { body } = await place.redeem()
    const { status } = await place.post('revocation', { token: String(body['refresh_token']) })
    return [status, verdict(await place.refresh(body['refresh_token']))]
  },
  'a made-up token that is revoked': async (place) =>
    (await place.post('revocation', { token: 'made-up' })).status,
}

const open = (place: Place, parameters: Readonly<Record<string, unknown>>) => {
  const url = new URL(place.endpoints.authorization ?? '')
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, String(value))
  return place.visit(url, 'approve')
}

const pushed: Stories = {
  'a pushed request that is opened twice': async (place) => {
    const { request_uri } = (await place.push()).body
    const first = await open(place, { client_id: place.clientId, request_uri })
    return [keysOf(first), isRefused(await open(place, { client_id: place.clientId, request_uri }))]
  },
  'a pushed request that is opened by another client': async (place) => {
    const { request_uri } = (await place.push()).body
    return isRefused(await open(place, { client_id: 'somebody', request_uri }))
  },
  'a pushed request that has expired': async (place) => {
    const { request_uri } = (await place.push()).body
    return later(3600, async () => isRefused(await open(place, { client_id: place.clientId, request_uri })))
  },
  'a made-up request URI': async (place) => {
    const request_uri = 'urn:ietf:params:oauth:request_uri:made-up'
    return isRefused(await open(place, { client_id: place.clientId, request_uri }))
  },
  'a push without credentials': async (place) => verdict(await place.push({}, {})),
}

const assertions: Stories = {
  ...Object.fromEntries(
    Object.entries({
      'for another audience': () => ({ aud: 'https://somebody.example' }),
      'that has expired': () => ({ exp: Math.floor(Date.now() / 1000) - 600 }),
      'of another client': () => ({ iss: 'somebody', sub: 'somebody' }),
      'without an id': () => ({ jti: undefined }),
      'without an expiry': () => ({ exp: undefined }),
    }).map(([title, claims]): [string, Story] => [
      `an assertion ${title}`,
      async (place) => verdict(await place.redeem({}, await place.client.credentials(claims()))),
    ]),
  ),
  'an assertion with a broken signature': async (place) => {
    const { parameters } = await place.client.credentials()
    const { client_assertion = '' } = parameters ?? {}
    const broken = { ...parameters, client_assertion: client_assertion.slice(0, -8) + 'AAAAAAAA' }
    return verdict(await place.redeem({}, { parameters: broken }))
  },
  'an assertion that was used before': async (place) => {
    const credentials = await place.client.credentials()
    return [(await place.redeem({}, credentials)).status, verdict(await place.redeem({}, credentials))]
  },
}

const stitch: Stories = {
  'a request without nonce': async (place) => refusalOf(await place.authorize({ nonce: undefined })),
  'a request without openid': async (place) => isRefused(await place.authorize({ scope: 'accounts' })),
  'a query for more than the token allows': async (place) => {
    const { body } = await place.redeem()
    const call = { body: { query: '{ user { bankAccounts { name accountHolder { fullName } } } }' } }
    return place.api(body['access_token'], call)
  },
  'a query': async (place) => place.api((await place.redeem()).body['access_token']),
}

const initTokens: Readonly<Record<string, readonly [claims: object, header?: object]>> = {
  'has expired': [{ exp: 1000 }],
  'lives too long': [{ exp: 4e9 }],
  'has no exp': [{ exp: undefined }],
  'has no iat': [{ iat: undefined }],
  'is from the future': [{ iat: 4e9 }],
  'is of another client': [{ client_id: 'somebody' }],
  'names no platform': [{ platform_id: undefined }],
  'names what is no platform': [{ platform_id: 'made-up' }],
  'has another kid': [{}, { kid: 'somebody' }],
  'is signed with HS256': [{}, { alg: 'HS256' }],
  'has no user_email': [{ user_email: undefined }],
  'has no company_name': [{ company_name: '' }],
  'has a company_ein with a dash': [{ company_ein: '88-1231234' }],
}

const descriptionOf = (back: Back) =>
  back === 'page' ? 'page' : [keysOf(back), back['error'], back['error_description'], back['error_uri']]

const secretsOf = ({ client }: Place) => basisSecrets.get(client) ?? { clientId: '', clientSecret: '' }

const basis: Stories = {
  ...Object.fromEntries(
    Object.entries(initTokens).map(([title, [claims, header]]): [string, Story] => [
      `an initialization token that ${title}`,
      async (place) => {
        const init_token = await signInitToken(secretsOf(place), { ...claims }, { ...header })
        return descriptionOf(await place.authorize({ init_token }))
      },
    ]),
  ),
  'no initialization token': async (place) => descriptionOf(await place.authorize({ init_token: undefined })),
  'a made-up initialization token': async (place) =>
    descriptionOf(await place.authorize({ init_token: 'made-up' })),
  'an initialization token of somebody else': async (place) => {
    const clientSecret = Buffer.from('k'.repeat(64)).toString('base64')
    const init_token = await signInitToken({ ...secretsOf(place), clientSecret })
    return descriptionOf(await place.authorize({ init_token }))
  },
  'a code_challenge_method, which is not read': async (place) =>
    keysOf(await place.authorize({ code_challenge_method: 'plain' })),
  'another scope': async (place) => refusalOf(await place.authorize({ scope: 'openid' })),
  'the secret encoded as a form, and in the form': async (place) => {
    const { clientId, clientSecret } = secretsOf(place)
    const encoded = `${clientId}:${encodeURIComponent(clientSecret)}`
    const headers = { authorization: `Basic ${Buffer.from(encoded).toString('base64')}` }
    const parameters = { client_id: clientId, client_secret: clientSecret }
    return [verdict(await place.redeem({}, { headers })), verdict(await place.redeem({}, { parameters }))]
  },
  'a profile, which the same company has again, and another has not': async (place) => {
    const idOf = async (claims: object = {}) => {
      const init_token = await signInitToken(secretsOf(place), { ...claims })
      const code = await place.code({ init_token })
      return (await place.redeem({ code })).body['profile_id']
    }
    const [first, again, other] = [await idOf(), await idOf(), await idOf({ company_ein: '991231234' })]
    return [again === first, other === first]
  },
  'a profile’s members, and another profile': async (place) => {
    const { body } = await place.redeem()
    const profile = await place.api(body['access_token'], { path: `profiles/${String(body['profile_id'])}` })
    const { id, connections: _, ...more } = profile.body
    return [id === body['profile_id'], more, verdict(await place.api(body['access_token']))]
  },
  'a code that is redeemed twice': async (place) => {
    const code = await place.code()
    return [(await place.redeem({ code })).status, verdict(await place.redeem({ code }))]
  },
  'a refresh token, which stays good': async (place) => {
    const { body } = await place.redeem()
    const token = body['refresh_token']
    return [(await place.refresh(token)).status, (await place.refresh(token)).status]
  },
}

const inDays = (days: number) => new Date(Date.now() + days * 24 * 3600 * 1000).toISOString()

const moneyhubRequests: Readonly<
  Record<string, (userId: string) => Readonly<Record<string, string | undefined>>>
> = {
  'without prompt': () => ({ prompt: undefined }),
  'without claims': () => ({ claims: undefined }),
  'without state': () => ({ state: undefined }),
  'that asks for no connection id': () => ({ claims: JSON.stringify({ id_token: { sub: {} } }) }),
  'of an unknown user': () => ({ claims: moneyhubClaims({ sub: 'nobody' }) }),
  'without an institution': () => ({ scope: 'openid' }),
  'to connect and renew': () => ({ scope: `openid reauth id:${mockBank}` }),
  'to renew what is not there': (sub) => ({
    scope: 'openid reauth',
    claims: moneyhubClaims({ sub, connection: 'made-up' }),
  }),
  'of a scope that is not there': () => ({ scope: `openid id:${mockBank} made-up` }),
  'for a consent of a year': (sub) => ({
    claims: moneyhubClaims({ sub, consent: { expirationDateTime: inDays(365) } }),
  }),
  'for transactions of ten years': (sub) => ({
    claims: moneyhubClaims({ sub, consent: { transactionFromDateTime: inDays(-3650) } }),
  }),
}

const connectionsOf = async (place: Place, userId: string) => {
  const call = { path: `/users/${userId}/connections` }
  const { body } = await place.api(await ownToken(place, 'user:read'), call)
  return body['data'] as readonly { readonly id: string; readonly expiresAt: string }[]
}

const moneyhub: Stories = {
  'a request that is not pushed': async (place) => keysOf(await open(place, await place.parameters())),
  ...Object.fromEntries(
    Object.entries(moneyhubRequests).map(([title, parameters]): [string, Story] => [
      `a request ${title}`,
      async (place) => refusalOf(await place.authorize(parameters(await createMoneyhubUser(place)))),
    ]),
  ),
  'a code with another user': async (place) => verdict(await place.redeem({ sub: 'nobody' })),
  'a connection, which is there when the code is redeemed, and renewed': async (place) => {
    const sub = await createMoneyhubUser(place)
    const code = await place.code({ claims: moneyhubClaims({ sub }) })
    const before = await connectionsOf(place, sub)
    const id = claimsOf(await place.redeem({ code, sub }))['mh:con_id']
    const [connection] = await connectionsOf(place, sub)
    const renewal = { scope: 'openid reauth', claims: moneyhubClaims({ sub, connection: String(id) }) }
    const renewed = await place.redeem({ code: await place.code(renewal), sub })
    return [
      before.length,
      connection?.id === id,
      Math.round((Date.parse(connection?.expiresAt ?? '') - Date.now()) / 86_400_000),
      claimsOf(renewed)['mh:con_id'] === id,
      (await connectionsOf(place, sub)).length,
    ]
  },
  'a connection without a user, which lasts a day': async (place) => {
    const code = await place.code({ claims: moneyhubClaims({}) })
    const { sub = '' } = claimsOf(await place.redeem({ code }))
    const [connection] = await connectionsOf(place, sub)
    const token = await ownToken(place, 'accounts:read', sub)
    const accounts = async (given: unknown) =>
      ((await place.api(given)).body['data'] as readonly unknown[]).length
    const tomorrow = () =>
      later(2 * 24 * 3600, async () => accounts(await ownToken(place, 'accounts:read', sub)))
    return [
      Math.round((Date.parse(connection?.expiresAt ?? '') - Date.now()) / 86_400_000),
      await accounts(token),
      await tomorrow(),
    ]
  },
  'the connection’s own token, which reads no data': async (place) =>
    verdict(await place.api((await place.redeem()).body['access_token'])),
  'own tokens': async (place) => {
    const own = async (scope: string, sub?: string) =>
      verdict(await place.post('token', { grant_type: 'client_credentials', scope, sub }))
    return [
      await own(''),
      await own('openid'),
      await own('accounts:read'),
      await own('accounts:read', 'nobody'),
      await own('user:create'),
    ]
  },
  'the users API': async (place) => {
    const sub = await createMoneyhubUser(place)
    const [read, remove] = [await ownToken(place, 'user:read'), await ownToken(place, 'user:delete')]
    const call = async (token: unknown, method: string, path: string) => {
      const { status, body } = await place.api(token, { method, path })
      return [status, body['code']]
    }
    return [
      await call('made-up', 'GET', `/users/${sub}`),
      await call(remove, 'GET', `/users/${sub}`),
      await call(read, 'GET', '/users/nobody'),
      await call(read, 'GET', `/users/${sub}/strange/path`),
      await call(remove, 'DELETE', `/users/${sub}/connection/nothing`),
      await call(remove, 'DELETE', `/users/${sub}`),
      await call(read, 'GET', `/users/${sub}`),
    ]
  },
}

const details: Readonly<Record<string, string | undefined>> = {
  'without a consent': undefined,
  'for a consent of another type': JSON.stringify([{ type: 'other', consentRequest }]),
  'for an empty consent': JSON.stringify([{ type: 'fdx_v1.0' }]),
  'for a consent of no known duration': detailsOf({ ...consentRequest, durationType: 'LONG' }),
  'for a time-bound consent without days': detailsOf({ ...consentRequest, durationPeriod: undefined }),
  'for a consent of half a day': detailsOf({ ...consentRequest, durationPeriod: 0.5 }),
  'for a consent about nothing': detailsOf({ ...consentRequest, resources: [] }),
  'for a resource that is not there': detailsOf({
    ...consentRequest,
    resources: [{ resourceType: 'HOUSE', dataClusters: ['ROOMS'] }],
  }),
  'for data that are not there': detailsOf({
    ...consentRequest,
    resources: [{ resourceType: 'ACCOUNT', dataClusters: ['ROOMS'] }],
  }),
  'for a consent that is no JSON': 'consent',
}

const fdx: Stories = {
  'a request that is not pushed': async (place) =>
    isRefused(await open(place, { ...(await place.parameters()), client_id: place.clientId })),
  ...Object.fromEntries(
    Object.entries(details).map(([title, authorization_details]): [string, Story] => [
      `a request ${title}`,
      async (place) => refusalOf(await place.authorize({ authorization_details })),
    ]),
  ),
  'a request of a scope that is not there': async (place) =>
    refusalOf(await place.authorize({ scope: 'openid made-up' })),
  'a token without its certificate': async (place) => {
    const { body } = await place.redeem()
    const without = await place.api(body['access_token'], {}, false)
    return [without, (await place.api(body['access_token'])).status]
  },
  'the headers of FDX': async (place) => {
    const { body } = await place.redeem()
    const call = (headers: Readonly<Record<string, string | undefined>>) =>
      place.api(body['access_token'], { headers })
    return [
      await call({ 'x-fapi-interaction-id': undefined }),
      await call({ 'x-fapi-interaction-id': 'made-up' }),
      await call({ 'fdx-api-actor-type': 'ROBOT' }),
    ]
  },
  'a consent': async (place) => {
    const { body } = await place.redeem()
    const path = `consents/${String(body['grant_id'])}`
    const consent = await place.api(body['access_token'], { path })
    const { status, durationPeriod, resources, createdTime, expirationTime } = consent.body
    const days = (Date.parse(String(expirationTime)) - Date.parse(String(createdTime))) / 86_400_000
    return [
      status,
      durationPeriod,
      days,
      resources,
      await place.api(body['access_token'], { path: 'consents/made-up' }),
      await place.api(body['access_token'], { path: `${path}/other` }),
    ]
  },
  'the consent of somebody else': async (place) => {
    const [own, other] = [await place.redeem(), await place.redeem()]
    const path = `consents/${String(other.body['grant_id'])}`
    const client = await place.post('token', { grant_type: 'client_credentials', scope: 'READ_CONSENTS' })
    return [
      (await place.api(own.body['access_token'], { path })).status,
      (await place.api(client.body['access_token'], { path })).status,
    ]
  },
  'a consent that is revoked, and what is left': async (place) => {
    const { body } = await place.redeem()
    const path = `consents/${String(body['grant_id'])}`
    const revoke = (reason: string, token = body['access_token']) =>
      place.api(token, {
        method: 'PUT',
        path: `${path}/revocation`,
        body: { reason, initiator: 'INDIVIDUAL' },
      })
    const own = { grant_type: 'client_credentials', scope: 'READ_CONSENTS UPDATE_CONSENTS' }
    const { access_token: client } = (await place.post('token', own)).body
    return [
      await revoke('BOREDOM'),
      await revoke('USER_ACTION'),
      (await place.api(body['access_token'])).status,
      verdict(await place.refresh(body['refresh_token'])),
      await revoke('USER_ACTION', client),
      (await place.api(client, { path })).body['status'],
      keysOf((await place.api(client, { path: `${path}/revocation` })).body),
    ]
  },
}

function without(stories: Stories, title: string): Stories {
  const { [title]: _, ...others } = stories
  return others
}

/** Stories in which the kit is stricter on purpose: it refuses what a server, or its documents, would let pass. */
export const stricter: Readonly<Partial<Record<Name, Stories>>> = {
  standard: {
    'credentials that are not registered': async (place) =>
      (await place.redeem({ client_secret: 'guessed' })).status,
  },
  basis: {
    'a refresh token of a code that is redeemed twice': async (place) => {
      const code = await place.code()
      const { body } = await place.redeem({ code })
      await place.redeem({ code })
      return (await place.refresh(body['refresh_token'])).status
    },
    'a request without state': async (place) => {
      const back = await place.authorize({ state: undefined })
      return isRefused(back) ? 400 : 200
    },
  },
  moneyhub: {
    'a request without PKCE': async (place) => {
      const back = await place.authorize({ code_challenge: undefined, code_challenge_method: undefined })
      return isRefused(back) ? 400 : 200
    },
  },
  fdx: {
    'a token of the client’s own, of a scope that is not there': async (place) =>
      (await place.post('token', { grant_type: 'client_credentials', scope: 'made-up' })).status,
  },
}

/** The stories of each provider. */
export const storiesOf: Readonly<Record<Name, Stories>> = {
  standard: { ...common, ...openid, ...revocation },
  apiture: { ...common, ...openid, ...revocation },
  stitch: { ...common, ...openid, ...assertions, ...stitch },
  basis: { ...without(common, 'a code that is redeemed twice, and what it had given'), ...basis },
  moneyhub: { ...common, ...openid, ...revocation, ...pushed, ...assertions, ...moneyhub },
  fdx: { ...common, ...openid, ...revocation, ...pushed, ...fdx },
}
