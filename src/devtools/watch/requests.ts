import type { Context } from '../../core/context.js'
import { parseUrl } from '../../protocol/parse-url.js'
import type { EventKind, Lane } from '../log/event.js'
import { redact } from './redact.js'
import { knownOf, providerNamed, type Watched } from './watched.js'

/** What a request is about, as its address and its body tell. */
interface Subject {
  readonly kind: EventKind
  readonly to: Lane
  readonly provider?: string | undefined
  readonly connection?: string | undefined
  readonly flow?: string | undefined
  /** True where the answer is a document of a protocol. Those of an API are people's data: nobody looks at them. */
  readonly isReadable: boolean
}

/** Notes every request of the page: where it goes, its parameters, how long it took and what came of it. */
export function watchRequests(watched: Watched): void {
  const { context, platform } = watched
  platform.fetch = watch(watched, platform.fetch)
  const { backend } = context
  // An app that sends its own header brings its own function.
  if (typeof backend === 'object' && backend.fetch)
    Object.assign(context, { backend: { ...backend, fetch: watch(watched, backend.fetch as typeof fetch) } })
}

const watch =
  (watched: Watched, send: typeof fetch): typeof fetch =>
  async (input, init) => {
    const begun = watched.log.begin()
    const request = readRequest(input, init)
    const subject = subjectOf(watched, request)
    count(watched, subject)
    const note = (more: object): void => {
      const { kind, to, provider, connection, flow } = subject
      const mode = provider === undefined ? undefined : providerNamed(watched.context, provider)?.channel.mode
      const parts = { provider, mode, connection, flow }
      watched.log.add({
        ...{ kind, from: 'page', to, begun },
        ...Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)),
        parameters: redact(request.body, knownOf(watched, provider)),
        ...more,
      })
    }
    let response: Response
    try {
      response = await send(input, init)
    } catch (error) {
      note({ status: 0, outcome: 'no answer' })
      throw error
    }
    const { status } = response
    if (!subject.isReadable) note({ status })
    else {
      const copy = response.clone()
      void readJson(copy).then((document) => {
        note({ status, ...describe(watched, subject, document) })
      })
    }
    return response
  }

/** A request as far as it is looked at. */
interface SeenRequest {
  readonly url: URL
  readonly method: string
  readonly hasToken: boolean
  readonly body: Readonly<Record<string, unknown>> | undefined
}

function readRequest(input: RequestInfo | URL, init: RequestInit = {}): SeenRequest {
  const request = input instanceof Request ? input : undefined
  const address = input instanceof Request ? input.url : input instanceof URL ? input.href : input
  const headers = new Headers(init.headers ?? request?.headers)
  return {
    url: new URL(address, 'http://localhost'),
    method: init.method ?? request?.method ?? 'GET',
    hasToken: headers.has('authorization'),
    body: readBody(init.body),
  }
}

function readBody(body: BodyInit | null | undefined): SeenRequest['body'] {
  if (body instanceof URLSearchParams) return Object.fromEntries(body)
  if (typeof body !== 'string') return undefined
  if (!body.startsWith('{')) return Object.fromEntries(new URLSearchParams(body))
  try {
    return Object(JSON.parse(body)) as Record<string, unknown>
  } catch {
    return undefined
  }
}

async function readJson(response: Response): Promise<object | undefined> {
  try {
    return Object(await response.json()) as object
  } catch {
    return undefined
  }
}

/** The answer's members, and its error where it is one. */
function describe(watched: Watched, { provider, kind }: Subject, document: object | undefined): object {
  if (!document) return {}
  const known = knownOf(watched, provider)
  const { connection, ...rest } = document as { readonly connection?: unknown }
  const answer = redact(
    kind === 'metadata'
      ? pickMetadata(document)
      : connection === undefined
        ? rest
        : { ...rest, ...inner(connection) },
    known,
  )
  const error = answer.find(({ name }) => name === 'error')
  return { answer, ...(error && { error: error.value === undefined ? {} : { error: error.value } }) }
}

/** What a connection's document says of it. */
function inner(connection: unknown): object {
  const { scope, missing_scope: missing, status } = Object(connection) as Record<string, unknown>
  return { scope, missing_scope: missing === '' ? undefined : missing, status }
}

/** The members of a server's metadata on which a flow depends. The rest is long, and public. */
function pickMetadata(document: object): object {
  const {
    issuer,
    token_endpoint,
    jwks_uri,
    pushed_authorization_request_endpoint,
    authorization_response_iss_parameter_supported = false,
  } = document as Record<string, unknown>
  return {
    ...{ issuer, token_endpoint, jwks_uri, pushed_authorization_request_endpoint },
    authorization_response_iss_parameter_supported,
  }
}

function subjectOf(watched: Watched, request: SeenRequest): Subject {
  const base = backendUrl(watched.context)
  if (base !== undefined && `${request.url.origin}${request.url.pathname}`.startsWith(`${base}/`))
    return contractSubject(request, request.url.pathname.slice(new URL(base).pathname.length))
  return serverSubject(watched, request)
}

const backendUrl = ({ backend, platform }: Context): string | undefined => {
  const url = typeof backend === 'object' ? backend.url : backend
  return url === undefined ? undefined : new URL(url, platform.navigation.url()).href.replace(/\/+$/, '')
}

/** What the calls of the contract that name a provider are about. The institutions are many, and no secret. */
const kindsOfCalls: Readonly<Partial<Record<string, EventKind>>> = {
  authorization: 'authorization',
  token: 'redeemed',
  institutions: 'institutions',
}

/** A call of the backend contract. */
function contractSubject({ method, body }: SeenRequest, path: string): Subject {
  const [, first = '', second = '', third] = path.split('/')
  const to = 'backend'
  const flow = typeof body?.['state'] === 'string' ? body['state'].slice(0, 16) : undefined
  if (first !== 'connections') {
    const kind = kindsOfCalls[second]
    return kind === undefined
      ? { kind: 'connections', to, isReadable: false }
      : { kind, to, provider: first, flow, isReadable: kind !== 'institutions' }
  }
  if (second === '') return { kind: 'connections', to, isReadable: true }
  const connection = decodeURIComponent(second)
  if (third === 'resource') return { kind: 'resource', to, connection, isReadable: false }
  if (third === 'access-token') return { kind: 'refresh', to, connection, isReadable: true }
  return { kind: method === 'DELETE' ? 'disconnected' : 'connections', to, connection, isReadable: true }
}

/** A request to an authorization server or to an API. */
function serverSubject(watched: Watched, { url, method, hasToken, body }: SeenRequest): Subject {
  const provider = providerOf(watched.context, url, body)
  const of = { provider, isReadable: true, to: 'server' as const }
  if (body?.['grant_type'] === 'authorization_code')
    return { ...of, kind: 'redeemed', flow: watched.redeeming.get(provider ?? '') }
  if (body?.['grant_type'] === 'refresh_token')
    return { ...of, kind: 'refresh', connection: watched.refreshing.connection ?? onlyRenewal(watched) }
  if (typeof body?.['code_challenge'] === 'string') return { ...of, kind: 'pushed', flow: stateOf(body) }
  if (typeof body?.['token'] === 'string') return { ...of, kind: 'revoked' }
  const api = provider === undefined ? undefined : providerNamed(watched.context, provider)?.api
  if (hasToken && api !== undefined && url.href.startsWith(api))
    return { ...of, kind: 'resource', to: 'api', isReadable: false }
  if (hasToken) return { ...of, kind: 'userinfo', isReadable: false }
  const isMetadata =
    method === 'GET' && url.pathname.includes('/.well-known/') && !url.pathname.includes('jwks')
  return { ...of, kind: isMetadata ? 'metadata' : 'keys', isReadable: isMetadata }
}

const stateOf = ({ state }: Readonly<Record<string, unknown>>): string | undefined =>
  typeof state === 'string' ? state.slice(0, 16) : undefined

/** Without a lock, the connection of a refresh is known where only one is renewed. */
const onlyRenewal = ({ renewals }: Watched): string | undefined =>
  renewals.size === 1 ? [...renewals.keys()][0] : undefined

/** The provider of a request: by its client, its issuer's origin or its API. */
function providerOf({ providers }: Context, url: URL, body: SeenRequest['body']): string | undefined {
  const names = Object.keys(providers)
  const isAt = (address: string | undefined): boolean =>
    address !== undefined && parseUrl(address)?.origin === url.origin
  const near = names.filter((name) => {
    const { issuer, api, authorizationEndpoint } = providers[name] ?? {}
    return [issuer, api, authorizationEndpoint].some(isAt)
  })
  const byClient = names.filter((name) => providers[name]?.clientId === body?.['client_id'])
  return near.find((name) => byClient.includes(name)) ?? near[0] ?? byClient[0]
}

function count({ renewals }: Watched, { kind, connection = '' }: Subject): void {
  const renewal = kind === 'refresh' ? renewals.get(connection) : undefined
  if (renewal) renewal.requests++
}
