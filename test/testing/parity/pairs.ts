// Both servers of each kind: the demo's bank and the kit's, each with the same client.
import { SignJWT } from 'jose'
import { randomUUID } from 'node:crypto'
import { apiture, basis, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import { startApiture } from '../../../demo/banks/apiture.js'
import { startBasis } from '../../../demo/banks/basis.js'
import { createClientCertificate } from '../../../demo/banks/certificates.js'
import { startFdx } from '../../../demo/banks/fdx.js'
import { startMoneyhub } from '../../../demo/banks/moneyhub.js'
import { startStandard } from '../../../demo/banks/standard.js'
import { startStitch } from '../../../demo/banks/stitch.js'
import { apiture as apitureKind } from '../../../src/testing/kinds/apiture.js'
import { basis as basisKind } from '../../../src/testing/kinds/basis.js'
import { fdx as fdxKind } from '../../../src/testing/kinds/fdx.js'
import { moneyhub as moneyhubKind } from '../../../src/testing/kinds/moneyhub.js'
import { standard as standardKind } from '../../../src/testing/kinds/standard.js'
import { stitch as stitchKind } from '../../../src/testing/kinds/stitch.js'
import { fetchWith } from '../../demo/banks/fdx-app.js'
import { createAssertingClient } from './assertion.js'
import { kitEnds, realEnds, redirectUri } from './ends.js'
import { createPlace, type ClientOf, type Place } from './place.js'

export interface Pair {
  readonly real: Place
  readonly kit: Place
  close(): Promise<void>
}

const redirectUris = [redirectUri]
const issuer = 'https://kit.example'
const scopesOf = (scope: string) => scope.split(' ').map((value) => ['scope', value] as const)

async function standard(): Promise<Pair> {
  const bank = await startStandard({ redirectUris, dpop: false, par: false })
  const { clientId, origin } = bank
  const scope = 'openid accounts offline_access'
  const client: ClientOf = {
    parameters: () => ({ scope, prompt: 'consent' }),
    credentials: () => ({ parameters: { client_id: clientId } }),
    api: { path: 'accounts' },
  }
  const endpoints = {
    authorization: `${bank.issuer}/authorize`,
    token: `${bank.issuer}/token`,
    revocation: `${bank.issuer}/revoke`,
    api: `${origin}/`,
  }
  const provider = oidc({ issuer, clientId, scope, api: `${issuer}/api` })
  return {
    real: createPlace(realEnds(bank, { endpoints, boxes: scopesOf(scope) }), client),
    kit: createPlace(await kitEnds(standardKind, provider), client),
    close: () => bank.close(),
  }
}

async function apitureBanks(): Promise<Pair> {
  const bank = await startApiture({ redirectUris })
  const { clientId, origin } = bank
  const scope = 'openid banking/read offline_access'
  const client: ClientOf = {
    parameters: () => ({ scope }),
    credentials: () => ({ parameters: { client_id: clientId } }),
    api: { path: 'accounts' },
  }
  const endpoints = {
    authorization: `${bank.issuer}authorize`,
    token: `${bank.issuer}token`,
    revocation: `${bank.issuer}revoke`,
    api: `${origin}/banking/`,
  }
  const provider = apiture({ clientId, issuer: `${issuer}/oidc/`, scope, api: `${issuer}/banking` })
  return {
    real: createPlace(realEnds(bank, { endpoints }), client),
    kit: createPlace(await kitEnds(apitureKind, provider), client),
    close: () => bank.close(),
  }
}

async function stitchBanks(): Promise<Pair> {
  const { publicKey, jwks, credentials } = await createAssertingClient()
  const bank = await startStitch({ redirectUris, jwks })
  const { clientId, origin } = bank
  const scope = 'openid accounts balances offline_access'
  const clientAt = (base: string): ClientOf => ({
    parameters: () => ({ scope }),
    credentials: (claims) => credentials(clientId, `${base}/connect/token`, claims),
    api: { method: 'POST', path: 'graphql', body: { query: '{ user { bankAccounts { name } } }' } },
  })
  const endpoints = {
    authorization: `${origin}/connect/authorize`,
    token: `${origin}/connect/token`,
    api: `${origin}/`,
  }
  const provider = stitch({
    clientId,
    scope,
    authorizationEndpoint: `${issuer}/connect/authorize`,
    api: `${issuer}/`,
  })
  return {
    real: createPlace(realEnds(bank, { endpoints, boxes: scopesOf(scope) }), clientAt(origin)),
    kit: createPlace(await kitEnds(stitchKind, provider, { key: publicKey }), clientAt(issuer)),
    close: () => bank.close(),
  }
}

/** An initialization token as a good backend signs it, but for what is changed; `undefined` removes a claim. */
export function signInitToken(
  { clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string },
  claims: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const good = {
    iat,
    exp: iat + 600,
    platform_id: '70a5e5d3-00df-50f2-9f19-544d1f54c4bf',
    client_id: clientId,
    user_email: 'robin@lasagna.example',
    user_name: 'Robin',
    company_ein: '881231234',
    company_name: 'Lasagna Enterprises',
    native_user_id: 'user-1',
  }
  return new SignJWT(JSON.parse(JSON.stringify({ ...good, ...claims })) as Record<string, unknown>)
    .setProtectedHeader({ alg: 'HS512', kid: clientId, ...header })
    .sign(Buffer.from(clientSecret, 'base64'))
}

/** Secrets of Basis's client, which each server has made. */
export const basisSecrets = new WeakMap<ClientOf, { clientId: string; clientSecret: string }>()

async function basisBanks(): Promise<Pair> {
  const bank = await startBasis({ redirectUris })
  const { clientId, origin } = bank
  const clientWith = (clientSecret: string): ClientOf => {
    const secrets = { clientId, clientSecret }
    const client: ClientOf = {
      parameters: async () => ({
        scope: 'profile:read',
        code_challenge_method: undefined,
        nonce: undefined,
        init_token: await signInitToken(secrets),
      }),
      credentials: () => ({
        headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      }),
      api: { path: 'profiles/any' },
    }
    basisSecrets.set(client, secrets)
    return client
  }
  const endpoints = { authorization: `${origin}/oauth`, token: `${origin}/oauth/token`, api: `${origin}/` }
  const provider = basis({ clientId, authorizationEndpoint: `${issuer}/oauth`, api: `${issuer}/` })
  const kit = await kitEnds(basisKind, provider)
  if (kit.authentication.method !== 'client_secret') throw new Error('Basis has no secret')
  return {
    real: createPlace(realEnds(bank, { endpoints }), clientWith(bank.clientSecret)),
    kit: createPlace(kit, clientWith(kit.authentication.secret)),
    close: () => bank.close(),
  }
}

export const mockBank = '1ffe704d39629a929c8e293880fb449a'

/** A token of the client's own at Moneyhub. */
export const ownToken = async (place: Place, scope: string, sub?: string) =>
  (await place.post('token', { grant_type: 'client_credentials', scope, sub })).body['access_token']

export async function createMoneyhubUser(place: Place): Promise<string> {
  const call = { method: 'POST', path: '/users', body: { clientUserId: 'a' } }
  const { body } = await place.api(await ownToken(place, 'user:create'), call)
  return String(body['userId'])
}

async function moneyhubBanks(): Promise<Pair> {
  const { publicKey, jwks, credentials } = await createAssertingClient()
  const bank = await startMoneyhub({ redirectUris, jwks })
  const { clientId, origin } = bank
  const clientAt = (audience: string): ClientOf => ({
    usesPar: true,
    parameters: async (place) => ({
      scope: `openid id:${mockBank}`,
      prompt: 'consent',
      claims: moneyhubClaims({ sub: await createMoneyhubUser(place) }),
    }),
    credentials: (claims) => credentials(clientId, audience, claims),
    api: { path: '/v3/accounts' },
    async dataToken(place, { id_token }) {
      const { sub } = JSON.parse(atob(String(id_token).split('.')[1] ?? '')) as { readonly sub: string }
      return ownToken(place, 'accounts:read', sub)
    },
  })
  const endpoints = {
    authorization: `${bank.issuer}/auth`,
    token: `${bank.issuer}/token`,
    par: `${bank.issuer}/request`,
    revocation: `${bank.issuer}/token/revocation`,
    api: `${origin}/`,
  }
  const provider = moneyhub({
    clientId,
    issuer: `${issuer}/oidc`,
    authorizationEndpoint: `${issuer}/oidc/auth`,
    api: `${issuer}/v3/`,
  })
  const kit = await kitEnds(moneyhubKind, provider, { key: publicKey, api: `${issuer}/` })
  return {
    real: createPlace(realEnds(bank, { endpoints, before: ['continue'] }), clientAt(`${bank.issuer}/token`)),
    kit: createPlace(kit, clientAt(`${issuer}/oidc/token`)),
    close: () => bank.close(),
  }
}

/** The `claims` parameter of Moneyhub. */
export const moneyhubClaims = ({
  sub,
  connection,
  consent,
}: {
  readonly sub?: string
  readonly connection?: string
  readonly consent?: object
}): string =>
  JSON.stringify({
    id_token: {
      sub: { essential: true, value: sub },
      'mh:con_id': { essential: true, value: connection },
      ...(consent && { 'mh:consent': { essential: true, value: consent } }),
    },
  })

/** What a consent asks for. */
export const consentRequest = {
  durationType: 'TIME_BOUND',
  durationPeriod: 30,
  lookbackPeriod: 60,
  resources: [
    { resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC'] },
    { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
  ],
}

export const detailsOf = (request: object): string =>
  JSON.stringify([{ type: 'fdx_v1.0', consentRequest: request }])

async function fdxBanks(): Promise<Pair> {
  const certificate = await createClientCertificate('data-recipient')
  const bank = await startFdx({ redirectUris, jwks: certificate.jwks, fapi: true })
  const { clientId } = bank
  const base = bank.api.slice(0, -1)
  const scope = 'openid ACCOUNT_BASIC UPDATE_CONSENTS READ_CONSENTS offline_access'
  const client: ClientOf = {
    usesPar: true,
    parameters: () => ({ scope, prompt: 'consent', authorization_details: detailsOf(consentRequest) }),
    credentials: () => ({ parameters: { client_id: clientId }, certificate: true }),
    api: {
      path: 'accounts',
      headers: { 'x-fapi-interaction-id': randomUUID(), 'fdx-api-actor-type': 'USER' },
    },
  }
  const [withCertificate, without] = [fetchWith(certificate, bank.ca), fetchWith(undefined, bank.ca)]
  const endpoints = {
    authorization: `${bank.issuer}/oauth2/authorize`,
    token: `${base}/oauth2/token`,
    par: `${base}/par`,
    revocation: `${base}/oauth2/revoke`,
    api: bank.api,
  }
  const provider = fdx({ clientId, issuer: `${issuer}/fdx`, scope })
  const real = realEnds(bank, {
    endpoints,
    boxes: [
      ['account', 'fox-1815'],
      ['account', 'fox-1843'],
      ['cluster', 'ACCOUNT/ACCOUNT_BASIC'],
      ['cluster', 'CUSTOMER/CUSTOMER_CONTACT'],
    ],
    send: ({ method, url, headers, body, certificate: shown }) =>
      (shown ? withCertificate : without)(url, {
        method,
        headers: { ...headers },
        ...(body !== '' && { body }),
      }),
  })
  return {
    real: createPlace(real, client),
    kit: createPlace(await kitEnds(fdxKind, provider, { api: `${issuer}/fdx/` }), client),
    close: () => bank.close(),
  }
}

export const pairs = {
  standard,
  apiture: apitureBanks,
  stitch: stitchBanks,
  basis: basisBanks,
  moneyhub: moneyhubBanks,
  fdx: fdxBanks,
}

export type Name = keyof typeof pairs
