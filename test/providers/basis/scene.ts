import { assert } from 'vitest'
import { createClient, type CallbackState, type ClientOptions, type Connection } from 'countersign/core'
import { basis } from 'countersign/providers'
import {
  basis as basisBackend,
  createBackend,
  memoryStore,
  type Backend,
  type BackendEvent,
  type BasisBackendOptions,
  type BasisClaims,
} from 'countersign/backend'
import type { BasisBank } from '../../../demo/banks/basis.js'
import { startBasis } from '../../../demo/banks/basis.js'
import { institutions } from '../../../src/testing/quirks/basis-institutions.js'
import { createVisitor, type Stop } from '../../demo/banks/visitor.js'
import { createBrowser, type FakePage } from '../../support/browser.js'
import { until } from '../../support/until.js'

const appOrigin = 'https://app.example'
export const redirectUri = `${appOrigin}/callback/basis`

/** Two ways to sign in at the same institution. */
export const [platformId, otherPlatformId] = institutions[0]!.platforms.map(({ id }) => id) as [
  string,
  string,
]

/** The seed's company, as its snippet has it. */
export const claims: BasisClaims = {
  userEmail: 'jane@acme.example',
  userName: 'Jane Doe',
  companyEin: '881231234',
  companyName: 'Acme Property Holdings, LLC.',
  nativeUserId: 'user-999',
  nativeCompanyId: 'company-456',
}

/** Opens the embedded Basis. */
export const openBank = (): Promise<BasisBank> => startBasis({ redirectUris: [redirectUri] })

/** What differs from an ordinary app. */
export interface Setting {
  readonly backend?: Partial<BasisBackendOptions>
  readonly mode?: 'mediated' | 'bff'
  readonly claims?: object
  /** Epoch seconds added to the backend's clock. */
  readonly secondsLater?: () => number
  readonly onEvent?: ClientOptions['onEvent']
}

/** One answer that the page received. */
export interface PageAnswer {
  readonly url: string
  readonly status: number
  readonly text: string
}

/** The preset as the embedded bank needs it; typed as if tokens reached the page. */
const presetFor = (bank: BasisBank, mode: 'mediated' | 'bff' = 'mediated') =>
  basis({
    clientId: bank.clientId,
    authorizationEndpoint: `${bank.origin}/oauth`,
    api: `${bank.origin}/`,
    mode: mode as 'mediated',
  })

/** The backend's options as the embedded bank needs them. */
export const backendOptionsFor = (bank: BasisBank): BasisBackendOptions => ({
  clientId: bank.clientId,
  clientSecret: bank.clientSecret,
  redirectUri,
  authorizationEndpoint: `${bank.origin}/oauth`,
  tokenEndpoint: `${bank.origin}/oauth/token`,
  api: `${bank.origin}/`,
})

/** The whole way: a page of the app, the app's backend, and Basis, each the real thing but for the browser. */
export function createScene(bank: BasisBank, setting: Setting = {}) {
  const { mode = 'mediated', secondsLater = () => 0 } = setting
  const browser = createBrowser()
  const events: BackendEvent[] = []
  const answers: PageAnswer[] = []
  const calls: { readonly path: string; readonly body: unknown }[] = []
  const backend: Backend = createBackend({
    origins: [appOrigin],
    store: memoryStore(),
    session: () => ({ subject: 'robin', claims: (setting.claims ?? claims) as BasisClaims }),
    log: (event) => events.push(event),
    clock: { now: () => Date.now() / 1000 + secondsLater() },
    providers: { basis: basisBackend({ ...backendOptionsFor(bank), mode, ...setting.backend }) },
  })

  const ask = async (url: string, init: RequestInit): Promise<Response> => {
    if (!url.startsWith(appOrigin)) return fetch(url, init)
    const headers = new Headers(init.headers)
    headers.set('origin', appOrigin)
    const { method = 'GET', body = null } = init
    return backend(new Request(url, { method, body, headers }))
  }

  const fetchOfPage = async (url: string, init: RequestInit): Promise<Response> => {
    if (url.startsWith(appOrigin)) {
      const body: unknown = typeof init.body === 'string' ? JSON.parse(init.body) : undefined
      calls.push({ path: url.slice(`${appOrigin}/connect`.length), body })
    }
    const response = await ask(url, init)
    answers.push({ url, status: response.status, text: await response.clone().text() })
    return response
  }

  function open(address = '/') {
    const page = browser.open(address)
    const client = createClient({
      providers: { basis: presetFor(bank, mode) },
      backend: '/connect',
      subject: 'robin',
      platform: { ...page.platform, fetch: fetchOfPage as typeof fetch },
      ...(setting.onEvent && { onEvent: setting.onEvent }),
    })
    return { page, client }
  }

  /** Clicks, and gives the authorization URL. */
  async function leave(input: { platformId?: string; connection?: string } = {}, at = open()): Promise<URL> {
    const url = at.page.leaving()
    const all = { platformId, ...input }
    const stayed = at.client
      .authorization('basis', all)
      .authorizeAsync()
      .then((state) => {
        throw 'error' in state ? state.error : new Error(`The page stayed: ${state.status}`)
      })
    return new URL(await Promise.race([url, stayed]))
  }

  /** Goes to Basis, and gives where the person ends up. */
  async function decide(action: string, input?: Parameters<typeof leave>[0]): Promise<Stop> {
    const visitor = createVisitor(bank.origin)
    await visitor.open(await leave(input))
    await visitor.signIn()
    return visitor.press(action)
  }

  /** Opens the page that Basis redirects to, and gives what it shows in the end. */
  async function comeBack(url: URL | string) {
    const opened = open(String(url))
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
  async function connect(input?: Parameters<typeof leave>[0]) {
    const { url } = await decide('approve', input)
    const opened = await comeBack(url)
    if (opened.callback.status !== 'connected') assert.fail(`It ended in ${JSON.stringify(opened.callback)}.`)
    const connection = opened.callback.connection as Connection<{ profileId: string }>
    return { ...opened, connection }
  }

  /** The tokens' store of a page, once it is known. */
  const connectedTokens = async ({ client }: { client: ReturnType<typeof open>['client'] }) =>
    until(client.tokens('basis'), 'connected')

  return {
    browser,
    backend,
    events,
    answers,
    calls,
    ask,
    open,
    leave,
    decide,
    comeBack,
    connect,
    connectedTokens,
  }
}

export type Scene = ReturnType<typeof createScene>

export type { FakePage }
