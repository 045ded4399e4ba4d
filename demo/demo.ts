import { exportJWK, generateKeyPair } from 'jose'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Configuration } from './app/configuration.js'
import { startBackend } from './backend.js'
import { createClientCertificate } from './banks/certificates.js'
import { startBanks, type BankName, type Banks } from './banks/index.js'
import { basisSettings, listInstitutions, type BasisSettings } from './basis.js'
import type { Environment } from './environment.js'
import { fdxSettings, type FdxSettings } from './fdx.js'
import {
  createMoneyhubKey,
  listMoneyhubInstitutions,
  moneyhubSettings,
  type MoneyhubSettings,
} from './moneyhub.js'
import { pageHeaders, readDocument, serveFile, withConfiguration } from './page.js'
import { listen, readCookie, readJson, sendJson } from './server.js'
import { userOf, users, type User } from './users.js'

/** Options of {@link startDemo}. */
export interface DemoOptions {
  /** @defaultValue 0, a free one */
  readonly port?: number
  /** Credentials of real providers; each that has none is the embedded bank. @defaultValue none */
  readonly environment?: Environment
}

/** The demo, running. */
export interface Demo {
  /** Where the page is. */
  readonly origin: string
  readonly banks: Banks
  readonly close: () => Promise<void>
}

/** The cookie that says who is signed in to the app. A real app's cookie is a random session id. */
const sessionCookie = 'demo-user'

/**
 * Starts everything on loopback: the app's server with page and backend, and the banks.
 *
 * @throws {Error} a sentence when a port is taken
 */
export async function startDemo({ port = 0, environment = {} }: DemoOptions = {}): Promise<Demo> {
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
      fdx: { jwks: certificate.jwks },
      moneyhub: { jwks: { keys: [moneyhubKey.jwk] } },
      stitch: { jwks: { keys: [jwk] } },
    })
  } catch (error) {
    await app.close()
    throw error
  }
  const { close: closeBanks, ...banks } = started
  const basis = basisSettings(environment, banks.basis)
  const fdx = fdxSettings(environment, banks.fdx, certificate)
  const moneyhub = moneyhubSettings(environment, banks.moneyhub, moneyhubKey.privateKey)
  const backend = startBackend({
    origin: app.origin,
    banks,
    basisSettings: basis,
    fdxSettings: fdx,
    moneyhubSettings: moneyhub,
    assertionKey: assertionKey.privateKey,
    userOf: signedIn,
  })
  const headers = pageHeaders([banks.apiture.origin, banks.stitch.origin, new URL(basis.api).origin])
  const document = await readDocument()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', app.origin)
    const control = /^\/banks\/(\w+)\/next$/.exec(pathname)
    if (pathname.startsWith('/connect/')) {
      backend(request, response)
      return
    }
    if (pathname === '/institutions') {
      sendJson(response, 200, await listInstitutions(basis))
      return
    }
    if (pathname === '/moneyhub-institutions') {
      sendJson(response, 200, await listMoneyhubInstitutions(moneyhub))
      return
    }
    if (pathname === '/session' && request.method === 'POST') return changeUser(request, response)
    if (control?.[1] && request.method === 'POST') return tellBank(banks, control[1], request, response)
    if (await serveFile(request, response)) return
    const cookie = readCookie(request, sessionCookie)
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      ...(cookie === undefined && { 'set-cookie': toCookie(users[0].id) }),
    })
    const configuration = configurationOf(banks, basis, fdx, moneyhub, cookie ?? users[0].id)
    response.end(withConfiguration(document, configuration))
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
      await Promise.all([app.close(), closeBanks()])
    },
  }
}

/** The app's user behind a request, by the app's own session. */
function signedIn(request: Request): User | undefined {
  return userOf(/(?:^|;\s*)demo-user=([\w-]*)/.exec(request.headers.get('cookie') ?? '')?.[1])
}

const toCookie = (value: string): string => `${sessionCookie}=${value}; Path=/; HttpOnly; SameSite=Strict`

async function changeUser(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { user } = await readJson(request)
  sendJson(response, 200, {}, { 'set-cookie': toCookie(userOf(user)?.id ?? '') })
}

async function tellBank(
  banks: Banks,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Two providers of the page, one bank.
  const bank = name === 'moneyhubOnce' ? 'moneyhub' : name
  if (!Object.hasOwn(banks, bank)) {
    sendJson(response, 404, {})
    return
  }
  banks[bank as BankName].control.next(await readJson(request))
  sendJson(response, 200, {})
}

function configurationOf(
  { apiture, stitch }: Banks,
  basis: BasisSettings,
  fdx: FdxSettings,
  moneyhub: MoneyhubSettings,
  cookie: string,
): Configuration {
  return {
    user: publicUser(userOf(cookie)),
    users: users.flatMap((user) => publicUser(user) ?? []),
    apiture: { clientId: apiture.clientId, issuer: apiture.issuer, api: `${apiture.origin}/banking/` },
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
    stitch: {
      clientId: stitch.clientId,
      authorizationEndpoint: `${stitch.origin}/connect/authorize`,
      api: `${stitch.origin}/`,
    },
  }
}

/** What the page may know of a user. */
const publicUser = (user: User | undefined): Configuration['user'] =>
  user ? { id: user.id, name: user.name } : null
