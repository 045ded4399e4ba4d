import { assert } from 'vitest'
import { createBackend, fdx, memoryStore, type BackendLog, type FdxBackendOptions } from 'countersign/backend'
import { mtlsFetch } from 'countersign/backend/node'
import type { ConnectionDocument, JsonObject } from '../../../src/protocol/contract.js'
import {
  calculateCodeChallenge,
  createCodeVerifier,
  createNonce,
  createState,
} from '../../../src/protocol/pkce.js'
import { allBoxes, openFdx } from '../../demo/banks/fdx-app.js'
import { createVisitor } from '../../demo/banks/visitor.js'

export const origin = 'https://app.example'
export const redirectUri = `${origin}/callback/fdx`

/** The consents of this app: the one of the documentation's sample, and one whose limits a page may narrow. */
export const consents = {
  sample: {
    durationType: 'ONE_TIME',
    lookbackPeriod: 60,
    resources: [
      { resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_DETAILED', 'TRANSACTIONS', 'STATEMENTS'] },
      { resourceType: 'CUSTOMER', dataClusters: ['CUSTOMER_CONTACT'] },
    ],
  },
  budget: {
    durationType: 'TIME_BOUND',
    durationPeriod: 365,
    lookbackPeriod: 90,
    adjustable: ['durationPeriod', 'lookbackPeriod', 'resources'],
    resources: [{ resourceType: 'ACCOUNT', dataClusters: ['ACCOUNT_BASIC', 'TRANSACTIONS'] }],
  },
} as const

export const scope = 'ACCOUNT_BASIC UPDATE_CONSENTS READ_CONSENTS'

/** What a page sends to begin, and what it keeps. */
export interface Begun {
  readonly status: number
  readonly body: JsonObject
  readonly state: string
  readonly verifier: string
}

export type Reply = Readonly<{ status: number; body: JsonObject }>

/** An FDX bank and the app's backend; every option of both can be changed. */
export async function openApp(
  bankOptions: Parameters<typeof openFdx>[0] = {},
  options: (bank: Awaited<ReturnType<typeof openFdx>>) => Partial<FdxBackendOptions> = () => ({}),
) {
  const recipient = await openFdx({ redirectUris: [redirectUri], ...bankOptions })
  const { bank, certificate } = recipient
  const events: Parameters<BackendLog>[0][] = []
  const { cert, key } = certificate
  const store = memoryStore()
  const keys = new Set<string>()
  const backend = createBackend({
    origins: [origin],
    store: {
      ...store,
      put: (key, ...rest) => {
        keys.add(key)
        return store.put(key, ...rest)
      },
    },
    rateLimit: 'off',
    session: () => ({ subject: 'robin' }),
    log: (event) => events.push(event),
    providers: {
      fdx: fdx({
        clientId: bank.clientId,
        redirectUri,
        issuer: bank.issuer,
        api: bank.api,
        scope,
        fetch: mtlsFetch({ cert, key, ca: bank.ca }),
        consents,
        ...options(recipient),
      }),
    },
  })

  const call = async (method: string, path: string, body?: object): Promise<Reply> => {
    const response = await backend(
      new Request(`${origin}/connect${path}`, {
        method,
        headers: { origin, countersign: '1', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      }),
    )
    const text = await response.text()
    return { status: response.status, body: (text ? JSON.parse(text) : {}) as JsonObject }
  }

  const app = {
    ...recipient,
    backend,
    call,
    events,
    /** The records of a kind that lie in the backend's store. */
    async stored(kind: string): Promise<unknown[]> {
      const found = await Promise.all(
        [...keys].filter((name) => name.startsWith(`${kind}:`)).map((name) => store.get(name)),
      )
      return found.flatMap((entry) => (entry ? (JSON.parse(entry.value) as unknown) : []))
    },
    async begin(input: JsonObject = { consent_request: 'sample' }, more: object = {}): Promise<Begun> {
      const verifier = createCodeVerifier()
      const state = createState()
      const { status, body } = await call('POST', '/fdx/authorization', {
        state,
        code_challenge: await calculateCodeChallenge(verifier),
        redirect_uri: redirectUri,
        ...(Object.keys(input).length > 0 && { input }),
        ...more,
      })
      return { status, body, state, verifier }
    },
    /** What the person does at the bank: signs in, ticks, presses. */
    async visit(
      { body }: Begun,
      action = 'approve',
      boxes: readonly (readonly [string, string])[] = everything,
    ) {
      const visitor = createVisitor(bank.origin)
      await visitor.open(urlOf(body))
      await visitor.signIn()
      return (await visitor.press(action, boxes)).url.searchParams
    },
    redeem: ({ state, verifier, body }: Begun, response: URLSearchParams, more: object = {}) =>
      call('POST', '/fdx/token', {
        code: response.get('code') ?? '',
        state,
        code_verifier: verifier,
        ...(response.has('iss') && { iss: response.get('iss') }),
        ...(body['transaction'] !== undefined && { transaction: body['transaction'] }),
        ...more,
      }),
    /** From the click to the connection. */
    async connect(input?: JsonObject, boxes?: readonly (readonly [string, string])[], more?: object) {
      const begun = await app.begin(input, more)
      const { body } = await app.redeem(begun, await app.visit(begun, 'approve', boxes))
      if (body['connection'] === undefined) assert.fail(`It ended in ${JSON.stringify(body)}.`)
      return body['connection'] as unknown as ConnectionDocument
    },
    /** The form of the last pushed request. */
    pushed: () => bank.requests.find('/foxglove/fdx/par').at(-1)?.parameters ?? {},
  }
  return app
}

/** Every box there is on the consent page. */
export const everything = [...allBoxes, ['cluster', 'ACCOUNT/ACCOUNT_BASIC']] as const

/** A nonce beside a scope that holds openid. */
export const openid = (more = '') => ({ scope: `openid ${scope}${more}`, nonce: createNonce() })

/** Where the person is to be sent. */
export const urlOf = (body: JsonObject): string => body['authorization_url'] as string
