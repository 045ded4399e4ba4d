import { exportJWK, generateKeyPair } from 'jose'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Configuration } from './app/configuration.js'
import { apitureOrigins, apitureSettings } from './apiture.js'
import { startBackend, type Settings } from './backend.js'
import { createClientCertificate } from './banks/certificates.js'
import { startBanks, type Banks } from './banks/index.js'
import { basisSettings } from './basis.js'
import { isPage, pageHeaders, withConfiguration, withShell } from './document.js'
import type { Environment } from './environment.js'
import { fdxSettings } from './fdx.js'
import { openKept } from './keep.js'
import { createMoneyhubKey, moneyhubSettings } from './moneyhub.js'
import { openidOrigins, openidSettings } from './openid.js'
import { builtPage, openBuiltPage, sendCompressed } from './page.js'
import { createMishaps, loseReply, serveScenarios } from './scenarios.js'
import { listen, readCookie, readJson, sendJson } from './server.js'
import { stitchSettings } from './stitch.js'
import { userOf, users, type User } from './users.js'
import { createToldEvents } from './webhooks.js'

/** Options of {@link startDemo}. */
export interface DemoOptions {
  /** @defaultValue 0, a free one */
  readonly port?: number
  /** Credentials of real providers; each that has none is the embedded bank. @defaultValue none */
  readonly environment?: Environment
  /** The built page. @defaultValue what `npm run build:demo` has left in `demo/dist` */
  readonly page?: string
  /** The page as it is being worked on, instead of the built one. @defaultValue false */
  readonly dev?: boolean
  /** Apiture's access and refresh tokens are bound to a key of the browser (RFC 9449). @defaultValue false */
  readonly dpop?: boolean
  /** A folder in which connections outlive the demo. @defaultValue none: they end with it */
  readonly keep?: string | undefined
}

/** The demo, running. */
export interface Demo {
  /** Where the page is. */
  readonly origin: string
  readonly banks: Banks
  readonly close: () => Promise<void>
}

/** How the banks name the app. */
const clientName = 'Lasagna Enterprises'

/** The cookie that says who is signed in to the app. A real app's cookie is a random session id. */
const sessionCookie = 'demo-user'

/**
 * Starts everything on loopback: the app's server with page and backend, and the banks.
 *
 * @throws {Error} a sentence when a port is taken
 */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { port = 0, environment = {}, dev = false, dpop = false } = options
  const kept = options.keep === undefined ? undefined : openKept(options.keep)
  let handle = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(503).end()
  }
  const app = await listen((request, response) => {
    handle(request, response)
  }, port)
  const assertionKey = await generateKeyPair('RS256', { extractable: false })
  const jwk = { ...(await exportJWK(assertionKey.publicKey)), kid: 'demo', alg: 'RS256', use: 'sig' }
  const certificate = await createClientCertificate('demo')
  const moneyhubKey = await createMoneyhubKey()
  let started: Awaited<ReturnType<typeof startBanks>>
  try {
    started = await startBanks({
      appOrigin: app.origin,
      apiture: { dpop, clientName },
      basis: { clientName },
      fdx: { jwks: certificate.jwks, clientName },
      moneyhub: {
        jwks: { keys: [moneyhubKey.jwk] },
        clientName,
        webhookUrl: `${app.origin}/webhooks/moneyhub`,
      },
      openid: { clientName },
      stitch: { jwks: { keys: [jwk] }, clientName },
    })
  } catch (error) {
    await app.close()
    throw error
  }
  const { close: closeBanks, ...banks } = started
  const settings: Settings = {
    apiture: apitureSettings(environment, banks.apiture, dpop),
    basis: basisSettings(environment, banks.basis),
    fdx: fdxSettings(environment, banks.fdx, certificate),
    moneyhub: moneyhubSettings(environment, banks.moneyhub, moneyhubKey.privateKey),
    openid: openidSettings(environment, banks.openid),
    stitch: stitchSettings(environment, banks.stitch, assertionKey.privateKey),
  }
  const told = createToldEvents()
  const backend = startBackend({ origin: app.origin, settings, userOf: signedIn, kept, onEvent: told.note })
  const page = dev
    ? await (await import('./dev-page.js')).openDevPage()
    : openBuiltPage(options.page ?? builtPage)
  const origins = [...new Set(originsOf(settings))]

  const mishaps = createMishaps()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', app.origin)
    if (pathname.startsWith('/connect/')) {
      if (pathname.endsWith('/token') && mishaps.take('lose-reply')) loseReply(response)
      backend.contract(request, response)
      return
    }
    if (pathname.startsWith('/webhooks/')) {
      backend.webhooks(request, response)
      return
    }
    if (pathname === '/told') {
      const user = userOf(readCookie(request, sessionCookie))
      sendJson(response, 200, { events: user ? told.of(user.id) : [] })
      return
    }
    if (pathname === '/session') return answerSession(app.origin, request, response)
    if (await serveScenarios(app.origin, banks, mishaps, request, response)) return
    if (await page.serve(request, response)) return
    if (/\.\w+$/.test(pathname)) {
      response.writeHead(404).end()
      return
    }
    const document = withShell(await page.document(pathname), pathname)
    const body = Buffer.from(withConfiguration(document, configurationOf(settings)))
    const losesCookie = pathname.startsWith('/callback/') && mishaps.take('lose-cookie')
    sendCompressed(request, response, isPage(pathname) ? 200 : 404, body, {
      ...(dev ? {} : pageHeaders(origins, { startsWorker: searchParams.has('fake') })),
      ...(losesCookie && { 'set-cookie': toCookie(undefined) }),
      'content-type': 'text/html; charset=utf-8',
      // The callback URL holds a code for a moment. Other pages may be kept for the way back from the bank.
      'cache-control': pathname.startsWith('/callback/') ? 'no-store' : 'no-cache',
    })
  }

  handle = (request, response) => {
    answer(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500)
      response.end()
    })
  }
  return {
    origin: app.origin,
    banks,
    close: async () => {
      await Promise.all([app.close(), closeBanks(), page.close()])
      kept?.close()
    },
  }
}

/** The app's user behind a request, by the app's own session. */
function signedIn(request: Request): User | undefined {
  return userOf(/(?:^|;\s*)demo-user=([\w-]*)/.exec(request.headers.get('cookie') ?? '')?.[1])
}

/** The cookie of a user, or its end. */
const toCookie = (user: User | undefined): string =>
  `${sessionCookie}=${user?.id ?? ''}; Path=/; HttpOnly; SameSite=Strict${user ? '' : '; Max-Age=0'}`

/**
 * Says who is signed in, and signs in and out: nobody is signed in who has not asked for it. `Strict` is enough since only
 * a page's own requests count: a document that comes from another site's link or redirect says nothing of the user.
 */
async function answerSession(
  origin: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') {
    sendJson(response, 200, { user: userOf(readCookie(request, sessionCookie))?.id ?? null })
    return
  }
  // Another site could sign its own user in here, and have the person's bank connected to that one.
  if (request.headers.origin !== origin) {
    sendJson(response, 403, {})
    return
  }
  const user = userOf((await readJson(request))['user'])
  sendJson(response, 200, { user: user?.id ?? null }, { 'set-cookie': toCookie(user) })
}

/** Where the page itself sends requests: to every provider whose tokens it holds. */
const originsOf = ({ apiture, basis, openid, stitch }: Settings): readonly string[] => [
  ...apitureOrigins(apiture),
  new URL(basis.api).origin,
  ...openidOrigins(openid),
  new URL(stitch.page.api).origin,
]

/** What the page may know of the settings: no secret is among it. */
function configurationOf({ apiture, basis, fdx, moneyhub, openid, stitch }: Settings): Configuration {
  return {
    basePath: '',
    fake: false,
    users: users.map(({ id, name }) => ({ id, name })),
    apiture,
    basis: {
      clientId: basis.clientId,
      authorizationEndpoint: basis.authorizationEndpoint,
      api: basis.api,
    },
    fdx: {
      clientId: fdx.clientId,
      issuer: fdx.issuer,
      scope: fdx.scope,
      fapi: fdx.fapi ?? false,
      ...(fdx.authorizationEndpoint !== undefined && { authorizationEndpoint: fdx.authorizationEndpoint }),
    },
    moneyhub: {
      clientId: moneyhub.clientId,
      issuer: moneyhub.issuer,
      api: moneyhub.api,
      list: moneyhub.list,
    },
    openid,
    stitch: stitch.page,
  }
}
