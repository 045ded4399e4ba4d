import { assert } from 'vitest'
import {
  createBackend,
  memoryStore,
  moneyhub as moneyhubBackend,
  type Backend,
  type BackendEvent,
  type MoneyhubBackendOptions,
  type MoneyhubClaims,
  type Store,
} from 'countersign/backend'
import { createClient, type CallbackState, type Connection } from 'countersign/core'
import { moneyhub, type MoneyhubDetails, type MoneyhubInputs } from 'countersign/providers'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { startMoneyhub } from '../../../demo/banks/moneyhub.js'
import type { LoggedRequest } from '../../../demo/banks/requests.js'
import { createVisitor, type Stop, type Visitor } from '../../demo/banks/visitor.js'
import { createBrowser } from '../../support/browser.js'
import { until } from '../../support/until.js'

const appOrigin = 'https://app.example'
export const redirectUri = `${appOrigin}/callback/moneyhub`
export const onceRedirectUri = `${appOrigin}/callback/moneyhubOnce`

export const mockBank = '1ffe704d39629a929c8e293880fb449a'
export const pennyhill = '5a40f3c61b7d4d2a9e8be0c7d1f26b93'

/** Opens the embedded Moneyhub, with a client whose key is made here. */
export async function openBank({ clientSecret }: { readonly clientSecret?: string } = {}) {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid: 'app-1', alg: 'RS256', use: 'sig' }
  const bank = await startMoneyhub({
    redirectUris: [redirectUri, onceRedirectUri],
    jwks: { keys: [publicJwk] },
    ...(clientSecret !== undefined && { clientSecret }),
  })
  return {
    ...bank,
    get requests() {
      return bank.requests
    },
    privateKey,
    publicKey,
    clientSecret,
  }
}

export type TestBank = Awaited<ReturnType<typeof openBank>>

/** What differs from an ordinary app. */
export interface Setting {
  readonly backend?: object
  readonly onceMode?: 'bff' | 'mediated'
  readonly claims?: MoneyhubClaims
  /** Who is signed in to the app. */
  readonly subject?: () => string
  readonly store?: Store
  /** What seals the store. */
  readonly keys?: readonly string[]
  /** The backend's way to Moneyhub. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Epoch seconds added to the backend's clock. */
  readonly secondsLater?: () => number
}

/** The backend's options as the embedded bank needs them. */
export const backendOptionsFor = (bank: TestBank): MoneyhubBackendOptions => ({
  clientId: bank.clientId,
  redirectUri,
  issuer: bank.issuer,
  api: `${bank.origin}/v3/`,
  ...(bank.clientSecret === undefined
    ? { privateKey: bank.privateKey, keyId: 'app-1' }
    : { clientSecret: bank.clientSecret }),
})

const presetsFor = <M extends 'bff' | 'mediated'>(bank: TestBank, mode: M) => {
  const common = { clientId: bank.clientId, issuer: bank.issuer, api: `${bank.origin}/v3/` }
  return {
    moneyhub: moneyhub(common),
    moneyhubOnce: moneyhub({ ...common, useCase: 'one-time', mode }),
  }
}

/** The whole way: a page of the app, the app's backend, and Moneyhub, each the real thing but for the browser. */
export function createScene(bank: TestBank, setting: Setting = {}) {
  const { onceMode = 'bff', secondsLater = () => 0, subject = () => 'robin' } = setting
  const browser = createBrowser()
  const events: BackendEvent[] = []
  const answers: { readonly url: string; readonly status: number; readonly text: string }[] = []
  const calls: { readonly path: string; readonly body: unknown }[] = []
  const options = { ...backendOptionsFor(bank), ...setting.backend }
  const backend: Backend = createBackend({
    origins: [appOrigin],
    store: setting.store ?? memoryStore(),
    ...(setting.keys && { keys: setting.keys }),
    session: () => ({ subject: subject(), ...(setting.claims && { claims: setting.claims }) }),
    log: (event) => events.push(event),
    clock: { now: () => Date.now() / 1000 + secondsLater() },
    ...(setting.fetch && { fetch: setting.fetch }),
    providers: {
      moneyhub: moneyhubBackend(options),
      moneyhubOnce: moneyhubBackend({
        ...(options as MoneyhubBackendOptions<'bff' | 'mediated'>),
        redirectUri: onceRedirectUri,
        useCase: 'one-time',
        mode: onceMode,
      }),
    },
  })

  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    if (!url.startsWith(appOrigin)) return fetch(url, init)
    const headers = new Headers(init.headers)
    headers.set('origin', appOrigin)
    const { method = 'GET', body = null } = init
    return backend(new Request(url, { method, body, headers }))
  }

  /** A call of the contract as a page that is not ours could make it. */
  const call = (path: string, body: object, method = 'POST') =>
    ask(`${appOrigin}/connect${path}`, {
      method,
      headers: { countersign: '1', 'content-type': 'application/json' },
      ...(method !== 'GET' && { body: JSON.stringify(body) }),
    })

  const fetchOfPage = async (url: string, init: RequestInit): Promise<Response> => {
    if (url.startsWith(appOrigin)) {
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      calls.push({ path: url.slice(`${appOrigin}/connect`.length), body })
    }
    const response = await ask(url, init)
    answers.push({ url, status: response.status, text: await response.clone().text() })
    return response
  }

  function open(address = '/', at = browser) {
    const page = at.open(address)
    const client = createClient({
      providers: presetsFor(bank, onceMode),
      backend: '/connect',
      subject: subject(),
      platform: { ...page.platform, fetch: fetchOfPage as typeof fetch },
    })
    return { page, client }
  }

  type Name = 'moneyhub' | 'moneyhubOnce'
  type Input = (MoneyhubInputs['ongoing'] | MoneyhubInputs['one-time']) & {
    readonly connection?: string
    readonly scope?: string
  }

  /** Clicks, and gives the authorization URL. */
  async function leave(
    input: Input = { bankId: mockBank },
    name: Name = 'moneyhub',
    at = open(),
  ): Promise<URL> {
    const url = at.page.leaving()
    const authorization =
      name === 'moneyhub'
        ? at.client.authorization('moneyhub', input)
        : at.client.authorization('moneyhubOnce', input as MoneyhubInputs['one-time'])
    const stayed = authorization.authorizeAsync().then((state) => {
      throw 'error' in state ? state.error : new Error(`The page stayed: ${state.status}`)
    })
    return new URL(await Promise.race([url, stayed]))
  }

  /** Opens an authorization URL, consents at Moneyhub and signs in at the institution. */
  async function visit(url: URL | string, person = 'ada'): Promise<Visitor> {
    const visitor = createVisitor(bank.origin)
    await visitor.open(url)
    await visitor.press('continue')
    await visitor.signIn(person)
    return visitor
  }

  /** Goes to Moneyhub and on to the institution, and gives where the person ends up. */
  async function decide(action: string, input?: Input, name?: Name, person?: string): Promise<Stop> {
    return (await visit(await leave(input, name), person)).press(action)
  }

  /** Opens the page that Moneyhub redirects to, and gives what it shows in the end. */
  async function comeBack(url: URL | string, at = browser) {
    const opened = open(String(url), at)
    const callback: CallbackState = await until(
      opened.client.callback,
      'connected',
      'denied',
      'cancelled',
      'failed',
      'sign_in_required',
      'none',
    )
    return { ...opened, callback }
  }

  /** Connects from click to connection. */
  async function connect(input?: Input, name?: Name, person?: string) {
    const { url } = await decide('approve', input, name, person)
    const opened = await comeBack(url)
    if (opened.callback.status !== 'connected') assert.fail(`It ended in ${JSON.stringify(opened.callback)}.`)
    return { ...opened, connection: opened.callback.connection as Connection<MoneyhubDetails> }
  }

  return {
    browser,
    backend,
    events,
    answers,
    calls,
    ask,
    call,
    open,
    leave,
    visit,
    decide,
    comeBack,
    connect,
  }
}

/** The body of a request, where it is a form. */
export const bodyOf = ({ body }: RequestInit): string =>
  typeof body === 'string' || body instanceof URLSearchParams ? body.toString() : ''

/** The parameters of the one request that was pushed. */
export function pushed(bank: TestBank): LoggedRequest['parameters'] {
  const [request, ...more] = bank.requests.find('/oidc/request')
  if (!request || more.length > 0) throw new Error(`${String(more.length + 1)} requests were pushed.`)
  return request.parameters
}

/** What the ID Token was asked to hold. */
export const claimsOf = ({ claims = '{}' }: LoggedRequest['parameters']): Record<string, unknown> =>
  (JSON.parse(claims) as { id_token: Record<string, unknown> }).id_token

/** The tokens of a page, once it is known. */
export const tokensOf = (
  { client }: Pick<ReturnType<ReturnType<typeof createScene>['open']>, 'client'>,
  connection?: string,
) => until(client.tokens('moneyhub', { connection }), 'connected')

/** What the Data API lists. */
export interface Listed {
  readonly data: readonly {
    readonly connectionId: string
    readonly providerName: string
    readonly accountName: string
  }[]
}
