import { createHash, randomBytes } from 'node:crypto'
import { createCodeVerifier, createNonce, createState } from '../../protocol/pkce.js'
import { nameOf, settingsOf, type CheckOptions, type Role } from '../options.js'
import type { Client, Exchange, SendOptions } from './client.js'
import { expect, expectOutcome, member, requestOf, type Outcomes } from './expectations.js'
import { Mismatch } from './mismatch.js'
import type { Consent } from './provider/grants.js'
import type { ProviderEndpoint, ScriptedProvider } from './provider/provider.js'

/**
 * A request as data: its method, its path, and how it differs from a well-formed one. `{mediated}`, `{bff}` and `{openid}` in
 * the path stand for the id of a live connection.
 */
export type Request = readonly [method: string, path: string, send?: SendOptions]

/** The body of a token request: what a page holds when a person has come back from the provider. */
export interface Proof {
  readonly code: string
  readonly state: string
  readonly code_verifier: string
  readonly transaction?: string
}

/** An authorization request that a page is about to make, and the verifier that it keeps. */
export interface Attempt {
  readonly verifier: string
  readonly body: Readonly<Record<'state' | 'code_challenge' | 'redirect_uri', string>> & {
    readonly nonce?: string
  }
}

/** Changes to the ordinary way of a person from the button to the provider and back. */
export interface Journey extends Consent {
  /** @defaultValue `mediated` */
  readonly at?: Role
  /** Members of the authorization request to add or replace. */
  readonly body?: object
}

/** A connection as the backend lists it. */
export type Listed = Readonly<Record<string, unknown>>

/** A value that the backend cannot know: as a state, a code, or a connection's id. */
export const unknownId = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** SHA-256, as base64url. */
export const hashOf = (value: unknown): string =>
  createHash('sha256').update(String(value)).digest('base64url')

/** The proof of a transaction that nobody has begun. */
export const unknownProof = (): Proof => ({
  code: unknownId(24),
  state: createState(),
  code_verifier: createCodeVerifier(),
})

/** The rules that are about the ways to a transaction and to a connection. */
const begins = { mediated: 'authorization', bff: 'bff-token', openid: 'id-token' } as const
const connects = { ...begins, mediated: 'token' } as const

/** What rules are made of: the backend under test, the provider behind it, requests, and the steps that most rules take. */
export class Scene {
  readonly options: CheckOptions
  readonly client: Client
  readonly provider: ScriptedProvider
  private readonly lives = new Map<Role, string>()

  constructor(options: CheckOptions, client: Client, provider: ScriptedProvider) {
    this.options = options
    this.client = client
    this.provider = provider
  }

  attempt(at: Role = 'mediated'): Attempt {
    const verifier = createCodeVerifier()
    const redirectUri = settingsOf(this.options, at).redirect_uri
    const body = { state: createState(), code_challenge: hashOf(verifier), redirect_uri: redirectUri }
    return { verifier, body: at === 'openid' ? { ...body, nonce: createNonce() } : body }
  }

  /** An authorization request with members added or replaced. */
  authorization(changes: object = {}, send: SendOptions = {}, at: Role = 'mediated'): Request {
    const body = { ...this.attempt(at).body, ...changes }
    return ['POST', `/${nameOf(this.options, at)}/authorization`, { ...send, body }]
  }

  /** A token request. */
  token(proof: object, send: SendOptions = {}, at: Role = 'mediated'): Request {
    return ['POST', `/${nameOf(this.options, at)}/token`, { ...send, body: proof }]
  }

  accessToken(id: string, body: SendOptions['body'] = {}, send: SendOptions = {}): Request {
    return ['POST', `/connections/${id}/access-token`, { ...send, body }]
  }

  /** A request to the API of the live `bff` connection. */
  resource(method: string, path: string, send: SendOptions = {}): Request {
    return [method, `/connections/{bff}/resource/${path}`, send]
  }

  /** Sends a request. @throws {Mismatch} for another outcome than is expected. */
  async ask(request: Request, outcomes?: Outcomes): Promise<Exchange> {
    const answer = await this.client.send(...(await this.address(request)))
    if (outcomes !== undefined) expectOutcome(answer, outcomes)
    return answer
  }

  /** Puts the ids of live connections into a request's path. */
  async address([method, path, send = {}]: Request): Promise<Request> {
    const [placeholder, role] = /\{(mediated|bff|openid)\}/.exec(path) ?? []
    if (placeholder === undefined) return [method, path, send]
    return [method, path.replace(placeholder, await this.live(role as Role)), send]
  }

  /** Has the person consent where the answer to an authorization request leads. */
  consent(answer: Exchange, { body: { state }, verifier }: Attempt, at: Role, consent: Consent = {}): Proof {
    const code = this.provider.consent(String(member(answer, 'authorization_url')), at, consent)
    const transaction = member(answer, 'transaction')
    const proof = { code, state, code_verifier: verifier }
    return typeof transaction === 'string' ? { ...proof, transaction } : proof
  }

  /** Begins a transaction, and has the person consent. */
  async begin({ at = 'mediated', body, ...consent }: Journey = {}): Promise<Proof> {
    return about(begins[at], async () => {
      const attempt = this.attempt(at)
      const answer = await this.ask(this.authorization({ ...attempt.body, ...body }, {}, at), 201)
      return this.consent(answer, attempt, at, consent)
    })
  }

  /** Makes a whole new connection. @returns Its id. */
  async connect(journey: Journey = {}): Promise<string> {
    const { at = 'mediated' } = journey
    const proof = await this.begin(journey)
    return about(connects[at], async () => connectionId(await this.ask(this.token(proof, {}, at), 200)))
  }

  /** A connection for rules that leave it as it is; made by the first of them. */
  async live(at: Role = 'mediated'): Promise<string> {
    const id = this.lives.get(at) ?? (await this.connect({ at }))
    this.lives.set(at, id)
    return id
  }

  /** Forgets the live connections, because a rule that failed may have left them in any state. */
  renew(): void {
    this.lives.clear()
  }

  /** The hash of the access token that the backend hands out now: with it a page says that the API refused that token. */
  async rejected(id: string): Promise<string> {
    return about('access-token', async () =>
      hashOf(member(await this.ask(this.accessToken(id), 200), 'access_token')),
    )
  }

  /** The user's connections as the backend lists them. */
  async list(send: SendOptions = {}): Promise<readonly Listed[]> {
    return about('connections', async () => {
      const listed = member(await this.ask(['GET', '/connections', send], 200), 'connections')
      if (!Array.isArray(listed)) throw new Mismatch('GET /connections gave no list')
      return listed as readonly Listed[]
    })
  }

  /** The list's entries for a connection. */
  async listed(id: string, send: SendOptions = {}): Promise<readonly Listed[]> {
    return (await this.list(send)).filter((connection) => connection['id'] === id)
  }

  /** The result of some work, with the requests that an endpoint of the provider received meanwhile. */
  async seen<T>(
    endpoint: ProviderEndpoint,
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly seen: ScriptedProvider['requests'] }> {
    const before = this.provider.to(endpoint).length
    const result = await work()
    return { result, seen: this.provider.to(endpoint).slice(before) }
  }

  /** Does work of which the provider hears nothing. @throws {Mismatch} when it does. */
  async unseen<T>(work: () => Promise<T>): Promise<T> {
    const before = this.provider.requests.length
    const result = await work()
    const [seen] = this.provider.requests.slice(before)
    const target = seen?.target.replace(/\?.*$/s, '') ?? ''
    expect(seen === undefined, `the provider received ${seen?.method ?? ''} ${target} all the same`)
    return result
  }
}

/** Does a step that a rule of its own is about, so that one fault is told once. */
async function about<T>(rule: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw error instanceof Mismatch ? new Mismatch(error.message, error.about ?? rule) : error
  }
}

/** The id of the connection in a token answer. @throws {Mismatch} where none is. */
export function connectionId(answer: Exchange): string {
  const { id } = Object(member(answer, 'connection')) as { id?: unknown }
  if (typeof id !== 'string' || !/^[\w.~-]{1,200}$/.test(id))
    throw new Mismatch(`${requestOf(answer)} gave no connection with an id`, 'token')
  return id
}
