import { createHash } from 'node:crypto'
import { http, HttpResponse, type HttpHandler } from 'msw'
import type {
  AuthorizationRequest,
  ConnectionDocument,
  ContractErrorCode,
  TokenRequest,
} from '../../src/protocol/contract.js'
import { randomSecret, secret } from './secrets.js'

/** How a backend may misbehave, or answer for reasons of its own. */
export interface BackendHostility {
  /** An answer in place of what the contract's call would have given, by the last part of its path. */
  answer?: (call: RecordedCall) => Response | Promise<Response | undefined> | undefined
  /** Whether the answer gets lost on its way, after the call has had its effect. */
  lose?: (call: RecordedCall) => boolean
  /** Changes the body of a successful answer. */
  body?: (body: Record<string, unknown>, call: RecordedCall) => unknown
}

/** One call of the contract, as the backend saw it. */
export interface RecordedCall {
  readonly method: string
  /** Below the contract's base. */
  readonly path: string
  readonly headers: Headers
  readonly body: Record<string, unknown> | undefined
}

/** A backend that speaks the contract for one confidential client, for MSW. */
export interface FakeBackend {
  readonly handlers: readonly HttpHandler[]
  readonly calls: RecordedCall[]
  readonly hostile: BackendHostility
  /** The app's user as the backend's own session has it; `null` while nobody is signed in. */
  session: string | null
  readonly connections: Map<string, ConnectionDocument>
  /** A person opens an authorization URL and consents: gives the URL that the browser is sent back to. */
  visit(authorizationUrl: string, parameters?: Readonly<Record<string, string | undefined>>): string
  /** The API accepts what was issued so far no longer. */
  expire(): void
}

const challengeOf = (verifier: string): string => createHash('sha256').update(verifier).digest('base64url')

/** An answer from the contract's table. */
export const refusal = (
  error: ContractErrorCode,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  HttpResponse.json(
    { error, error_description: 'See the contract.' },
    { status, headers: { countersign: '1', ...headers } },
  )

/** Holds the answers to calls of this path back; the function given back lets them go. */
export function holdAnswers(backend: FakeBackend, held: string): () => void {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  backend.hostile.answer = async ({ path }) => {
    if (path === held) await released
    return undefined
  }
  return release
}

interface Begun {
  readonly request: AuthorizationRequest
  readonly provider: string
  readonly handle: string
  readonly code: string
  /** The answer that was given: the same request gets it again. */
  answer?: Record<string, unknown>
}

/** Starts a backend. Nothing answers before its `handlers` are given to the network. */
export function createBackend({
  url = 'https://app.example/connect',
  authorizationEndpoint = 'https://as.example/authorize',
  clientId = 'client-1',
  api = 'https://api.example',
  mode = 'mediated',
  now = () => Date.now() / 1000,
}: {
  readonly url?: string
  readonly authorizationEndpoint?: string
  readonly clientId?: string
  readonly api?: string
  readonly mode?: 'mediated' | 'bff'
  readonly now?: () => number
} = {}): FakeBackend {
  const calls: RecordedCall[] = []
  const begun = new Map<string, Begun>()
  const connections = new Map<string, ConnectionDocument>()
  const owners = new Map<string, string | null>()
  let accessTokens = new Set<string>()
  const hostile: BackendHostility = {}

  const accessToken = () => {
    const token = randomSecret()
    accessTokens.add(token)
    return { access_token: token, token_type: 'Bearer', expires_in: 3600 }
  }

  function authorization(provider: string, request: AuthorizationRequest): Record<string, unknown> {
    const handle = randomSecret()
    begun.set(request.state, { request, provider, handle, code: randomSecret() })
    const target = new URL(authorizationEndpoint)
    target.search = String(
      new URLSearchParams({
        response_type: 'code',
        client_id: clientId,
        redirect_uri: request.redirect_uri,
        scope: request.scope ?? 'openid',
        state: request.state,
        code_challenge: request.code_challenge,
        code_challenge_method: 'S256',
      }),
    )
    return { authorization_url: target.href, expires_in: 600, transaction: handle }
  }

  function token(request: TokenRequest): Record<string, unknown> | Response {
    const transaction = begun.get(request.state)
    secret(request.code_verifier)
    if (transaction?.request.code_challenge !== challengeOf(request.code_verifier))
      return refusal('transaction_invalid', 409)
    if (request.transaction !== transaction.handle) return refusal('transaction_invalid', 409)
    if (request.code !== transaction.code) return refusal('invalid_grant', 400)
    if (transaction.answer) return transaction.answer
    const connection: ConnectionDocument = {
      id: transaction.request.connection ?? `connection-${connections.size + 1}`,
      provider: transaction.provider,
      status: 'connected',
      scope: transaction.request.scope ?? 'openid',
      missing_scope: '',
      created_at: now(),
      details: {},
    }
    connections.set(connection.id, connection)
    owners.set(connection.id, backend.session)
    return (transaction.answer = { connection, ...(mode === 'mediated' && accessToken()) })
  }

  async function serve(call: RecordedCall, path: readonly string[]): Promise<Response> {
    if (call.headers.get('countersign') !== '1') return refusal('invalid_request', 400)
    if (call.method === 'POST' && call.headers.get('content-type') !== 'application/json')
      return refusal('unsupported_media_type', 415)
    const special = await hostile.answer?.(call)
    if (special) return special
    if (backend.session === null) return refusal('unauthenticated', 401)
    const [first = '', second, third] = path
    const answer = (body: Record<string, unknown>, status = 200): Response =>
      HttpResponse.json((hostile.body?.(body, call) ?? body) as Record<string, string>, {
        status,
        headers: { countersign: '1' },
      })
    if (second === 'authorization')
      return answer(authorization(first, call.body as unknown as AuthorizationRequest), 201)
    if (second === 'token') {
      const result = token(call.body as unknown as TokenRequest)
      return result instanceof Response ? result : answer(result)
    }
    if (first !== 'connections') return refusal('not_found', 404)
    const own = (id: string): boolean => (owners.get(id) ?? backend.session) === backend.session
    if (second === undefined)
      return answer({ connections: [...connections.values()].filter(({ id }) => own(id)) })
    if (!connections.has(second) || !own(second)) return refusal('unknown_connection', 404)
    if (third === 'access-token') return answer(accessToken())
    if (third === 'resource') return answer({ ok: true })
    connections.delete(second)
    return answer({ revoked: true })
  }

  const base = new URL(url).pathname
  const backend: FakeBackend = {
    session: 'anyone',
    calls,
    connections,
    hostile,
    handlers: [
      http.all(`${url}/*`, async ({ request }) => {
        const path = new URL(request.url).pathname.slice(base.length)
        const text = await request.text()
        const body = text === '' ? undefined : (JSON.parse(text) as Record<string, unknown>)
        const call = { method: request.method, path, headers: request.headers, body }
        calls.push(call)
        const answer = await serve(call, path.slice(1).split('/').map(decodeURIComponent))
        return hostile.lose?.(call) ? HttpResponse.error() : answer
      }),
      http.all(`${api}/*`, ({ request }) => {
        const good = accessTokens.has(request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '')
        return good ? HttpResponse.json({ ok: true }) : new HttpResponse(null, { status: 401 })
      }),
    ],
    visit(authorizationUrl, parameters = {}) {
      const asked = new URL(authorizationUrl)
      const state = asked.searchParams.get('state') ?? ''
      const transaction = begun.get(state)
      if (!transaction) throw new Error('the backend knows nothing of this authorization URL')
      const back = new URL(transaction.request.redirect_uri)
      const response: Record<string, string | undefined> = { code: transaction.code, state, ...parameters }
      for (const [name, value] of Object.entries(response))
        if (value !== undefined) back.searchParams.append(name, value)
      return back.href
    },
    expire() {
      accessTokens = new Set()
    },
  }
  return backend
}
