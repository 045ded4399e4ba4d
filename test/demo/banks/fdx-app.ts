import { createHash, randomUUID } from 'node:crypto'
import { Agent, fetch as undiciFetch } from 'undici'
import { createClientCertificate, type ClientCertificate } from '../../../demo/banks/certificates.js'
import { startFdx, type FdxOptions } from '../../../demo/banks/fdx.js'
import { redirectUri, type Parameters } from './support.js'
import { createVisitor } from './visitor.js'

const verifier = 'a-code-verifier-of-forty-three-characters-0'

/** What the documentation's sample asks for. */
export const sampleDetails = [
  {
    type: 'fdx_v1.0',
    consentRequest: {
      durationType: 'ONE_TIME',
      lookbackPeriod: 60,
      resources: [
        { resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS'] },
        { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
      ],
    },
  },
]

/** What the documentation's sample sends: no state, no nonce, no PKCE, and no scope in the pushed request. */
export const sampleParameters: Parameters = {
  state: undefined,
  code_challenge: undefined,
  code_challenge_method: undefined,
  scope: undefined,
}

export interface Reply {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Requests with a client certificate; the bank's own certificate is checked. */
export function fetchWith(certificate: Pick<ClientCertificate, 'cert' | 'key'> | undefined, ca: string) {
  const dispatcher = new Agent({
    connect: { ...(certificate && { cert: certificate.cert, key: certificate.key }), ca },
  })
  return async (
    url: string,
    init: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ): Promise<Reply> => {
    const response = await undiciFetch(url, { ...init, dispatcher, redirect: 'manual' })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Reply['body']) }
  }
}

/** A data recipient at the FDX bank, with everything of a request open to change. */
export async function openFdx(options: Partial<FdxOptions> = {}) {
  const certificate = await createClientCertificate('data-recipient')
  const bank = await startFdx({ redirectUris: [redirectUri], jwks: certificate.jwks, ...options })
  const base = bank.api.slice(0, -1)
  const send = fetchWith(certificate, bank.ca)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const post = (path: string, parameters: Parameters, sender = send) =>
    sender(`${base}${path}`, {
      method: 'POST',
      headers: form,
      body: encode({ client_id: bank.clientId, ...parameters }),
    })

  const app = {
    bank,
    certificate,
    send,
    post,
    push: (parameters: Parameters = {}, sender = send) =>
      post(
        '/par',
        {
          redirect_uri: redirectUri,
          response_type: 'code',
          scope: 'ACCOUNT_BASIC UPDATE_CONSENTS READ_CONSENTS',
          state: 'abc',
          code_challenge: createHash('sha256').update(verifier).digest('base64url'),
          code_challenge_method: 'S256',
          authorization_details: JSON.stringify(sampleDetails),
          ...parameters,
        },
        sender,
      ),
    authorizationUrl(requestUri: unknown, parameters: Parameters = {}) {
      const query = encode({ client_id: bank.clientId, request_uri: String(requestUri), ...parameters })
      return `${bank.issuer}/oauth2/authorize?${query}`
    },
    open: (url: string) => createVisitor(bank.origin).open(url),
    /** Pushes, signs in and presses a button with these boxes ticked. */
    async decide(
      action: string,
      boxes: readonly (readonly [string, string])[] = allBoxes,
      parameters: Parameters = {},
    ) {
      const { body } = await app.push(parameters)
      const visitor = createVisitor(bank.origin)
      await visitor.open(app.authorizationUrl(body['request_uri']))
      const page = await visitor.signIn()
      return { page, stop: await visitor.press(action, boxes) }
    },
    async code(boxes?: readonly (readonly [string, string])[], parameters?: Parameters) {
      const { stop } = await app.decide('approve', boxes, parameters)
      return stop.url.searchParams.get('code') ?? ''
    },
    redeem: (code: string, parameters: Parameters = {}, sender = send) =>
      post(
        '/oauth2/token',
        {
          grant_type: 'authorization_code',
          code,
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...parameters,
        },
        sender,
      ),
    refresh: (token: unknown) =>
      post('/oauth2/token', { grant_type: 'refresh_token', refresh_token: String(token) }),
    async connect(boxes?: readonly (readonly [string, string])[], parameters?: Parameters) {
      return (await app.redeem(await app.code(boxes, parameters))).body
    },
    api: (
      path: string,
      token: unknown,
      init: { method?: string; body?: object; headers?: Record<string, string | undefined> } = {},
      sender = send,
    ) =>
      sender(`${bank.api}${path}`, {
        ...(init.method === undefined ? {} : { method: init.method }),
        headers: JSON.parse(
          JSON.stringify({
            authorization: `Bearer ${String(token)}`,
            'content-type': 'application/json',
            'x-fapi-interaction-id': randomUUID(),
            'fdx-api-actor-type': 'USER',
            ...init.headers,
          }),
        ) as Record<string, string>,
        ...(init.body && { body: JSON.stringify(init.body) }),
      }),
  }
  return app
}

/** Everything the sample asks for, of all accounts of ada. */
export const allBoxes = [
  ['account', 'fox-1815'],
  ['account', 'fox-1843'],
  ['cluster', 'ACCOUNT/ACCOUNT_DETAILED'],
  ['cluster', 'ACCOUNT/TRANSACTIONS'],
  ['cluster', 'ACCOUNT/STATEMENTS'],
  ['cluster', 'CUSTOMER/CUSTOMER_CONTACT'],
] as const

function encode(parameters: Parameters): string {
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  return new URLSearchParams(given).toString()
}
