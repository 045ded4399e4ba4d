import type { Fetch } from '../backend/index.js'
import type { Providers } from '../core/index.js'
import { findKind } from './kinds/find-kind.js'
import type { OpenedProvider } from './kinds/kind.js'
import type { ApiAnswer } from './servers/api.js'
import type { Dialect } from './servers/dialect.js'
import type { AccessToken } from './servers/grants.js'
import { jsonOf, type ServerRequest } from './servers/http.js'
import { createKeyPair } from './servers/jwt.js'
import type { Registration } from './servers/registration.js'
import { createServer, type Server, type ServerContext } from './servers/server.js'

/** A request to a provider's API, with a token that is good; or to what its API has for everybody, such as Moneyhub's lists. */
export interface ApiRequest {
  readonly method: string
  /** Below the origin, such as `/v1/accounts`. */
  readonly path: string
  readonly query: URLSearchParams
  /** The JSON of the body; empty where there is none. */
  readonly body: Readonly<Record<string, unknown>>
  /** The scope values that the token has; none without a token. */
  readonly scope: readonly string[]
  /** The accounts that the person approved with, where they were given. */
  readonly accounts: readonly object[] | undefined
}

/** Answers requests to a provider's API: JSON, or a `Response`; `undefined` leaves a request to the kit. */
export type ApiHandler = (request: ApiRequest) => unknown

/** What the servers of one bank are made from. */
export interface OpenServersOptions extends ServerContext {
  readonly providers: Providers
  readonly redirectUri: (name: string) => string
  readonly api: Readonly<Partial<Record<string, ApiHandler>>>
  readonly fetchWithCertificate: Fetch
}

/** The servers of an app's providers. */
export interface OpenedServers {
  readonly all: readonly Server[]
  readonly opened: Readonly<Record<string, OpenedProvider>>
}

/** Starts an authorization server for every issuer of the app's options. Providers with the same one share it. */
export async function openServers(options: OpenServersOptions): Promise<OpenedServers> {
  const { providers, redirectUri, now, random, memory, fetchWithCertificate } = options
  const clientKey = await createKeyPair()
  const opened: Record<string, OpenedProvider> = {}
  const shared = new Map<string, { readonly dialect: Dialect; readonly registrations: Registration[] }>()
  for (const [name, provider] of Object.entries(providers)) {
    const uri = redirectUri(name)
    const setup = { name, provider, redirectUri: uri, clientKey, fetchWithCertificate, now, random, memory }
    const { dialect, authentication, ...more } = await findKind(provider)(setup)
    opened[name] = { dialect, authentication, ...more }
    const { label, clientId } = provider
    const registration = { name, label, clientId, redirectUri: uri, authentication }
    const server = shared.get(dialect.issuer) ?? { dialect, registrations: [] }
    server.registrations.push(registration)
    shared.set(dialect.issuer, server)
  }
  const all = [...shared.values()].map(({ dialect, registrations }) =>
    createServer(withHandlers(dialect, options.api, registrations), registrations, options),
  )
  return { all, opened }
}

/** The test's own answers come before the kit's. */
const withHandlers = (
  dialect: Dialect,
  api: OpenServersOptions['api'],
  registrations: readonly Registration[],
): Dialect => ({
  ...dialect,
  async answer(request, access) {
    if (!access && dialect.isPublic?.(request.url) !== true) return dialect.answer(request, access)
    // A token of the client's own is of no grant, and what is public asks for no token.
    const { name = '' } = access?.grant?.registration ?? registrations[0] ?? {}
    const answer = await api[name]?.(toApiRequest(request, access))
    if (answer === undefined) return dialect.answer(request, access)
    return answer instanceof Response ? answer : ({ status: 200, body: answer } satisfies ApiAnswer)
  },
})

const toApiRequest = (request: ServerRequest, access: AccessToken | undefined): ApiRequest => ({
  method: request.method,
  path: request.url.pathname,
  query: request.url.searchParams,
  body: jsonOf(request),
  scope: access?.scope ?? [],
  accounts: access?.grant?.approval.accounts,
})
