import { randomBytes } from 'node:crypto'
import { assert } from 'vitest'
import {
  createBackend,
  memoryStore,
  stitch,
  type Backend,
  type BackendProvider,
  type BackendEvent,
  type Store,
} from 'countersign/backend'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../../src/protocol/pkce.js'
import type { ConnectionDocument, ContractErrorCode } from '../../../src/protocol/contract.js'
import { secret } from '../../support/secrets.js'
import {
  api,
  clientId,
  clientKeys,
  createUpstream,
  issuer,
  tokenEndpoint,
  type Upstream,
} from './upstream.js'

export const app = 'https://app.example'
export const redirectUri = `${app}/callback/stitch`
export const scope = 'openid accounts balances offline_access'

/** The same for all backends of a test: with another one they would not find what lies in a common store. */
export const subjectKeySecret = randomBytes(32).toString('base64url')

type Options = Parameters<typeof createBackend>[0]
type StitchOptions = Parameters<typeof stitch>[0]

/** Options of {@link createBench}. */
export interface BenchOptions {
  readonly mode?: 'mediated' | 'bff'
  readonly stitch?: Partial<StitchOptions>
  readonly backend?: Partial<Options>
  readonly upstream?: Upstream
  readonly store?: Store
}

/** What a token request holds. */
export interface Proof {
  readonly code: string
  readonly state: string
  readonly code_verifier: string
  readonly transaction?: string
}

/** Every member that some answer of the contract has; a test looks at those that are there. */
export interface AnswerBody {
  readonly error: ContractErrorCode
  readonly error_description: string
  readonly authorization_url: string
  readonly transaction?: string
  readonly connection: ConnectionDocument
  readonly connections: readonly ConnectionDocument[]
  readonly access_token: string
  readonly expires_in: number
}

/** An answer, read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: AnswerBody
}

/** A backend with a fake Stitch behind it. */
export interface Bench {
  readonly handle: Backend
  /** The Stitch of {@link BenchOptions.stitch}, for a test that changes a part of it. */
  readonly provider: BackendProvider
  readonly upstream: Upstream
  readonly store: Store
  readonly events: BackendEvent[]
  /** Seconds that have passed since the bench was made. */
  passed: number
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>
  /** Begins a transaction, and has the person consent. */
  begin(options?: BeginOptions): Promise<Proof>
  redeem(proof: Proof, options?: CallOptions): Promise<Answer>
  /** A whole connection: gives its id and its first access token. */
  connect(options?: BeginOptions): Promise<{ readonly id: string; readonly accessToken: string }>
}

export interface CallOptions {
  /** Who is signed in to the app. */
  readonly subject?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export interface BeginOptions extends CallOptions {
  readonly body?: Readonly<Record<string, unknown>>
  /** What the person grants. */
  readonly granted?: string
}

export async function createBench(options: BenchOptions = {}): Promise<Bench> {
  // Stands still otherwise, so that a second that happens to end changes no answer.
  const started = Math.floor(Date.now() / 1000)
  const now = (): number => started + bench.passed
  const upstream = options.upstream ?? createUpstream(() => now())
  const store = options.store ?? memoryStore({ now: () => now() })
  const events: BackendEvent[] = []
  const { privateKey } = await clientKeys
  const provider = stitch({
    mode: options.mode ?? 'mediated',
    clientId,
    redirectUri,
    scope,
    privateKey,
    keyId: 'client',
    issuer,
    authorizationEndpoint: `${issuer}/connect/authorize`,
    tokenEndpoint,
    api,
    ...options.stitch,
  } as StitchOptions)
  const handle = createBackend({
    origins: [app],
    store,
    session: (request) => {
      const subject = /subject=([^;]+)/.exec(request.headers.get('cookie') ?? '')?.[1]
      return subject === undefined ? null : { subject }
    },
    fetch: upstream.fetch,
    clock: { now },
    log: (event) => events.push(event),
    subjectKeySecret,
    providers: { stitch: provider },
    ...options.backend,
  })

  const bench: Bench = {
    handle,
    provider,
    upstream,
    store,
    events,
    passed: 0,
    async call(method, path, body, { subject = 'robin', headers = {} } = {}) {
      const all: Record<string, string | undefined> = {
        origin: app,
        countersign: '1',
        cookie: `subject=${subject}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      }
      const response = await handle(
        new Request(`${app}/connect${path}`, {
          method,
          headers: Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
          ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        }),
      )
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, body: parse(text) }
    },
    async begin({ body, granted, ...call } = {}) {
      const verifier = secret(createCodeVerifier())
      const state = createState()
      const begun = await bench.call(
        'POST',
        '/stitch/authorization',
        {
          state,
          code_challenge: await calculateCodeChallenge(verifier),
          nonce: createState(),
          redirect_uri: redirectUri,
          ...body,
        },
        call,
      )
      if (begun.status !== 201) assert.fail(`not begun: ${begun.text}`)
      const code = upstream.visit(begun.body.authorization_url, granted)
      const { transaction } = begun.body
      return { code, state, code_verifier: verifier, ...(transaction !== undefined && { transaction }) }
    },
    redeem: (proof, call) => bench.call('POST', '/stitch/token', proof, call),
    async connect(begin = {}) {
      const { status, text, body } = await bench.redeem(await bench.begin(begin), begin)
      if (status !== 200) assert.fail(`not connected: ${text}`)
      return { id: body.connection.id, accessToken: body.access_token }
    },
  }
  return bench
}

function parse(text: string): AnswerBody {
  try {
    return JSON.parse(text) as AnswerBody
  } catch {
    return {} as AnswerBody
  }
}
