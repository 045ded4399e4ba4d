import {
  createClient,
  singleUser,
  type Client,
  type ClientOptions,
  type CommonInput,
  type CountersignEvent,
} from 'countersign/core'
import { oidc } from 'countersign/providers'
import type { setupServer } from 'msw/node'
import { createAuthorizationServer } from './authorization-server.js'
import { createBackend } from './backend.js'
import { createBrowser, type FakePage, type PageOptions } from './browser.js'
import { settled } from './until.js'

/** A page with the app in it. */
export interface App extends FakePage {
  readonly client: Client<typeof providers>
  readonly events: CountersignEvent[]
}

const clientId = 'client-1'
const issuer = 'https://as.example'
const scope = 'openid accounts offline_access'

/** One provider in each mode, and a second one in the first. */
export const providers = {
  bank: oidc({ issuer, clientId, scope, api: `${issuer}/api/v1` }),
  other: oidc({ issuer: 'https://other.example', clientId, scope }),
  mediated: {
    ...oidc({
      issuer,
      clientId,
      scope,
      api: 'https://api.example/v1',
      mode: 'mediated',
      authorizationEndpoint: `${issuer}/authorize`,
    }),
    cancelsWithoutCode: true,
  },
  bff: oidc({ issuer, clientId, scope, mode: 'bff', authorizationEndpoint: `${issuer}/authorize` }),
}

/** The `state` that an authorization URL or a response carries. */
export const stateOf = (url: string | URL): string => new URL(url).searchParams.get('state') ?? ''

/** What differs from an ordinary page with the app. */
export type Setting = PageOptions &
  Partial<
    Pick<
      ClientOptions<typeof providers>,
      'subject' | 'redirectUri' | 'callbackPages' | 'onOutcome' | 'onEvent'
    >
  >

/** A browser, an authorization server for `bank`, and a backend for `mediated` and `bff`. */
export function createScene(network: ReturnType<typeof setupServer>, common: Setting = {}) {
  const browser = createBrowser()
  const clock = { aheadSeconds: 0 }
  const now = () => browser.clock.now() + clock.aheadSeconds
  const server = createAuthorizationServer({ now })
  const other = createAuthorizationServer({ issuer: 'https://other.example', now })
  const backend = createBackend({ now })
  network.use(...server.handlers, ...other.handlers, ...backend.handlers)

  function open(page: string | FakePage = '/', setting: Setting = {}): App {
    const {
      subject = singleUser,
      redirectUri,
      callbackPages,
      onOutcome,
      onEvent,
      ...options
    } = { ...common, ...setting }
    const opened = typeof page === 'string' ? browser.open(page, options) : page
    const events: CountersignEvent[] = []
    const client = createClient({
      subject,
      providers,
      backend: '/connect',
      platform: opened.platform,
      onEvent: onEvent ?? ((event) => events.push(event)),
      ...(callbackPages && { callbackPages }),
      ...(redirectUri && { redirectUri }),
      ...(onOutcome && { onOutcome }),
    })
    return Object.defineProperties(
      { client, events },
      Object.getOwnPropertyDescriptors(opened),
    ) as unknown as App
  }

  /** Starts to connect and gives the authorization URL that the page was sent to. */
  async function leave(
    app: App,
    name: keyof typeof providers = 'bank',
    input: CommonInput = {},
  ): Promise<string> {
    const url = app.leaving()
    const { authorizeAsync, get } = app.client.authorization(name, input)
    const stayed = authorizeAsync().then((state) => {
      throw new Error(`the page stayed: ${JSON.stringify(state)} ${JSON.stringify(get())}`)
    })
    return Promise.race([url, stayed])
  }

  /** Connects `bank` from beginning to end, up to the URL that the browser is sent back to. */
  async function consent(
    input: CommonInput = {},
    visit: Parameters<typeof server.visit>[1] = {},
    setting: Setting = {},
  ): Promise<string> {
    const app = open('/', setting)
    const url = server.visit(await leave(app, 'bank', input), visit)
    app.client.dispose()
    return url
  }

  return { browser, server, other, backend, serverClock: clock, open, leave, consent, settled }
}

export type Scene = ReturnType<typeof createScene>
