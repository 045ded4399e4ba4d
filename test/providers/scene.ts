import { assert } from 'vitest'
import {
  createBackend,
  memoryStore,
  type BackendEvent,
  type BackendOptions,
  type BackendProvider,
} from 'countersign/backend'
import {
  createClient,
  type CallbackState,
  type Client,
  type CommonInput,
  type CountersignEvent,
  type Provider,
} from 'countersign/core'
import type { Bank } from '../../demo/banks/bank.js'
import { createVisitor, type Stop } from '../demo/banks/visitor.js'
import { createBrowser, type FakeBrowser, type FakePage } from '../support/browser.js'
import { until } from '../support/until.js'

const appOrigin = 'https://app.example'

/** The name under which a provider is configured, here as in the demo. */
export const callbackOf = (name: string): string => `${appOrigin}/callback/${name}`

/** One provider of one app. */
export interface SceneOptions<P extends Provider> {
  /** As the app names it. */
  readonly name: string
  readonly bank: Pick<Bank, 'origin'>
  readonly provider: P
  /** The backend's side, in `mediated` and `bff` mode. */
  readonly backend?: BackendProvider
  /** Scopes that the person ticks at the bank. @defaultValue all that are asked for */
  readonly ticked?: readonly string[]
  /** Further options of the app's backend, such as its store. */
  readonly backendOptions?: Partial<BackendOptions>
  /** Seconds added to the backend's clock. */
  readonly secondsLater?: () => number
  /** Stands before the network: an answer, or undefined to let the request through. */
  readonly intercept?: (
    url: string,
    init: RequestInit,
  ) => Response | undefined | Promise<Response | undefined>
}

/** A request that the page sent, with the answer it read. */
export interface PageRequest {
  readonly url: string
  readonly method: string
  readonly headers: Headers
  readonly body: string
  readonly status: number
  readonly text: string
}

/** A page in which the app's client runs. */
export interface AppPage {
  readonly page: FakePage
  readonly client: Client
}

/** A context for a provider's methods in which nobody answers, and what was asked of whom. */
export function nobodyAnswers() {
  const asked: string[] = []
  const fetch = (url: string) => {
    asked.push(url)
    return Promise.reject(new TypeError('nobody is there'))
  }
  return { asked, context: { fetch, now: () => Date.now() / 1000 } as never }
}

/** The whole way: pages of an app, its backend, and a bank, each the real thing but for the browser. */
export function createScene<P extends Provider>(options: SceneOptions<P>) {
  const { name, bank, provider, secondsLater = () => 0 } = options
  const browser: FakeBrowser = createBrowser(appOrigin)
  const requests: PageRequest[] = []
  const pageEvents: CountersignEvent[] = []
  const backendEvents: BackendEvent[] = []
  const backend =
    options.backend &&
    createBackend({
      origins: [appOrigin],
      store: memoryStore(),
      session: () => ({ subject: 'robin' }),
      log: (event) => backendEvents.push(event),
      clock: { now: () => Date.now() / 1000 + secondsLater() },
      providers: { [name]: options.backend },
      ...options.backendOptions,
    })

  async function send(url: string, init: RequestInit): Promise<Response> {
    const intercepted = await options.intercept?.(url, init)
    if (intercepted) return intercepted
    const headers = new Headers(init.headers)
    headers.set('origin', appOrigin)
    const { method = 'GET', body = null } = init
    if (!url.startsWith(appOrigin)) return fetch(url, { ...init, headers })
    if (!backend) throw new Error('This app has no backend.')
    return backend(new Request(url, { method, body, headers }))
  }

  async function fetchOfPage(url: string, init: RequestInit): Promise<Response> {
    const response = await send(url, init)
    const { method = 'GET', body } = init
    requests.push({
      url,
      method,
      headers: new Headers(init.headers),
      body: body instanceof URLSearchParams || typeof body === 'string' ? String(body) : '',
      status: response.status,
      text: await response.clone().text(),
    })
    return response
  }

  /** Opens a page of the app. */
  function open(address = '/', at: FakePage = browser.open(address)): AppPage {
    const client = createClient({
      providers: { [name]: provider },
      subject: 'robin',
      platform: { ...at.platform, fetch: fetchOfPage as typeof fetch },
      onEvent: (event) => pageEvents.push(event),
      ...(backend && { backend: '/connect' }),
    })
    return { page: at, client: client as unknown as Client }
  }

  /** Clicks, and gives the authorization URL that the page was sent to. */
  async function leave(input: CommonInput = {}, at = open()): Promise<URL> {
    const url = at.page.leaving()
    const stayed = at.client
      .authorization(name, input)
      .authorizeAsync()
      .then((state) => {
        throw 'error' in state ? state.error : new Error(`The page stayed: ${state.status}`)
      })
    return new URL(await Promise.race([url, stayed]))
  }

  /** Goes to the bank, signs in and presses a button: gives where the person ends up. */
  async function decide(action: string, input?: CommonInput): Promise<Stop> {
    const visitor = createVisitor(bank.origin)
    await visitor.open(await leave(input))
    await visitor.signIn()
    const ticked = options.ticked ?? (input?.scope ?? provider.scope).split(' ')
    return visitor.press(
      action,
      ticked.map((scope) => ['scope', scope]),
    )
  }

  /** Opens the page that the bank redirects to, and waits for what it shows in the end. */
  async function comeBack(url: URL | string): Promise<AppPage & { readonly callback: CallbackState }> {
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

  /** The tokens of a page, once they are known. */
  const connected = ({ client }: AppPage) => until(client.tokens(name), 'connected')

  /** Connects from click to connection. */
  async function connect(input?: CommonInput) {
    const { url } = await decide('approve', input)
    const opened = await comeBack(url)
    if (opened.callback.status !== 'connected') assert.fail(`It ended in ${JSON.stringify(opened.callback)}.`)
    return { ...opened, connection: opened.callback.connection, tokens: await connected(opened) }
  }

  /** A call of the backend contract, as another page than ours could make it. */
  const call = (path: string, body?: object): Promise<Response> =>
    send(`${appOrigin}/connect${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { countersign: '1', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })

  return {
    browser,
    backend,
    requests,
    pageEvents,
    backendEvents,
    open,
    leave,
    decide,
    comeBack,
    connect,
    connected,
    call,
  }
}
