import { randomBytes } from 'node:crypto'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../protocol/pkce.js'
import type { Client, Exchange, SendOptions } from './client.js'
import { expectStatus, member, requestOf } from './expectations.js'
import { Mismatch } from './mismatch.js'
import { redirectUriOf, type CheckOptions } from '../options.js'
import type { ScriptedProvider } from './provider.js'

/** What a page holds when a person has come back from the provider. */
export interface Proof {
  readonly code: string
  readonly state: string
  readonly code_verifier: string
  readonly transaction?: string
}

/** A connection that the check has made. */
export interface Connected {
  readonly id: string
  readonly accessToken: string | undefined
}

/** What differs from an ordinary authorization request. */
export interface BeginOptions extends Pick<SendOptions, 'as' | 'headers'> {
  /** The provider's name. Default: the mediated one. */
  readonly provider?: string
  /** Members of the body to add or replace. */
  readonly body?: Readonly<Record<string, unknown>>
  /** The scope that the person grants. */
  readonly granted?: string
}

/** What rules work with: the backend under test, the provider behind it, and the steps that most of them need. */
export interface Bench {
  readonly options: CheckOptions
  readonly client: Client
  readonly provider: ScriptedProvider
  /** The body of an authorization request, with the verifier that belongs to it. */
  readonly authorizationBody: (
    provider?: string,
  ) => Promise<{ readonly verifier: string; readonly body: Readonly<Record<string, string>> }>
  /** Begins a transaction, and has the person consent. */
  readonly begin: (options?: BeginOptions) => Promise<Proof>
  readonly redeem: (
    proof: object,
    options?: SendOptions & { readonly provider?: string },
  ) => Promise<Exchange>
  /** A whole new connection. */
  readonly connect: (options?: BeginOptions) => Promise<Connected>
  /** A connection for rules that leave it as it is; made by the first of them. */
  readonly live: (provider?: string) => Promise<string>
  /** Forgets the live connections, because a rule that failed may have left them in any state. */
  readonly renew: () => void
  /** Asks for an access token. */
  readonly accessToken: (id: string, body?: object, options?: SendOptions) => Promise<Exchange>
  /** The user's connections as the backend lists them. */
  readonly list: (options?: SendOptions) => Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Asks for something of the provider's API. */
  readonly resource: (method: string, id: string, path: string, options?: SendOptions) => Promise<Exchange>
}

/** A value that the backend cannot know: as a state, a code, or a connection's id. */
export const unknownId = (bytes: number): string => randomBytes(bytes).toString('base64url')

export function createBench(options: CheckOptions, client: Client, provider: ScriptedProvider): Bench {
  const { mediated } = options.providers
  const lives = new Map<string, string>()

  const bench: Bench = {
    options,
    client,
    provider,

    async authorizationBody(name = mediated) {
      const verifier = createCodeVerifier()
      const body = {
        state: createState(),
        code_challenge: await calculateCodeChallenge(verifier),
        redirect_uri: redirectUriOf(options, name),
      }
      return { verifier, body }
    },

    async begin({ provider: name = mediated, body: changes = {}, granted, ...send } = {}) {
      const { verifier, body } = await bench.authorizationBody(name)
      const sent: Readonly<Record<string, unknown>> = { ...body, ...changes }
      const answer = await client.send('POST', `/${name}/authorization`, { ...send, body: sent })
      expectStatus(answer, 201)
      const consent = { provider: name, ...(granted !== undefined && { scope: granted }) }
      const code = provider.consent(String(member(answer, 'authorization_url')), consent)
      const transaction = member(answer, 'transaction')
      return {
        code,
        state: String(sent['state']),
        code_verifier: verifier,
        ...(typeof transaction === 'string' && { transaction }),
      }
    },

    redeem: (proof, { provider: name = mediated, ...send } = {}) =>
      client.send('POST', `/${name}/token`, { ...send, body: proof }),

    async connect(begin = {}) {
      const { provider: name = mediated, as } = begin
      const proof = await bench.begin(begin)
      const answer = await bench.redeem(proof, { provider: name, ...(as && { as }) })
      expectStatus(answer, 200)
      const token = member(answer, 'access_token')
      return { id: connectionId(answer), accessToken: typeof token === 'string' ? token : undefined }
    },

    async live(name = mediated) {
      const known = lives.get(name)
      if (known !== undefined) return known
      const { id } = await bench.connect({ provider: name })
      lives.set(name, id)
      return id
    },

    renew: () => {
      lives.clear()
    },

    accessToken: (id, body = {}, send = {}) =>
      client.send('POST', `/connections/${id}/access-token`, { ...send, body }),

    async list(send = {}) {
      const answer = await client.send('GET', '/connections', send)
      expectStatus(answer, 200)
      const connections = member(answer, 'connections')
      if (!Array.isArray(connections)) throw new Mismatch('GET /connections gave no list')
      return connections as readonly Readonly<Record<string, unknown>>[]
    },

    resource: (method, id, path, send = {}) =>
      client.send(method, `/connections/${id}/resource/${path}`, send),
  }
  return bench
}

/** The id of the connection in a token answer. @throws {Mismatch} where none is. */
export function connectionId(answer: Exchange): string {
  const { id } = Object(member(answer, 'connection')) as { id?: unknown }
  if (typeof id !== 'string' || !/^[\w.~-]{1,200}$/.test(id))
    throw new Mismatch(`${requestOf(answer)} gave no connection with an id`)
  return id
}
