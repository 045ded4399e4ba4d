import { randomBytes } from 'node:crypto'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../protocol/pkce.js'
import { redirectUriOf, type CheckOptions } from '../options.js'
import type { Client, Exchange, SendOptions } from './client.js'
import { expectStatus, member, requestOf } from './expectations.js'
import { Mismatch } from './mismatch.js'
import type { ScriptedProvider } from './provider/provider.js'
import type { ProviderEndpoint } from './provider/script.js'

/** The body of a token request: what a page holds when a person has come back from the provider. */
export interface Proof {
  readonly code: string
  readonly state: string
  readonly code_verifier: string
  readonly transaction?: string
}

/** The body of an authorization request. */
export interface AuthorizationBody {
  readonly state: string
  readonly code_challenge: string
  readonly redirect_uri: string
}

/** Changes to an ordinary authorization request. */
export interface BeginOptions {
  /** The provider's name. Default: the mediated one. */
  readonly provider?: string
  /** Members of the body to add or replace. */
  readonly body?: Readonly<Record<string, unknown>>
  /** The scope that the person grants. */
  readonly granted?: string
}

/** The tools of rules: the backend under test, the provider behind it, and the steps that most rules need. */
export interface Bench extends Flow, Connections {
  readonly options: CheckOptions
  readonly client: Client
  readonly provider: ScriptedProvider
  /** The result of some work, with the requests that an endpoint of the provider received meanwhile. */
  readonly received: <T>(
    endpoint: ProviderEndpoint,
    work: () => Promise<T>,
  ) => Promise<{ readonly result: T; readonly seen: ScriptedProvider['requests'] }>
}

/** The way of a person from the button to the connection. */
interface Flow {
  /** The body of an authorization request, with the verifier that belongs to it. */
  readonly authorizationBody: (
    provider?: string,
  ) => Promise<{ readonly verifier: string; readonly body: AuthorizationBody }>
  /** Has the person consent where the answer to an authorization request leads. */
  readonly consent: (
    answer: Exchange,
    page: { readonly state: string; readonly verifier: string },
    options?: BeginOptions,
  ) => Proof
  /** Begins a transaction, and has the person consent. */
  readonly begin: (options?: BeginOptions) => Promise<Proof>
  readonly redeem: (
    proof: object,
    options?: SendOptions & { readonly provider?: string },
  ) => Promise<Exchange>
  /** Makes a whole new connection. @returns Its id. */
  readonly connect: (options?: BeginOptions) => Promise<string>
  /** A connection for rules that leave it as it is; made by the first of them. */
  readonly live: (provider?: string) => Promise<string>
  /** Forgets the live connections, because a rule that failed may have left them in any state. */
  readonly renew: () => void
}

/** The requests of a page that is connected. */
interface Connections {
  /** Asks for an access token. */
  readonly accessToken: (id: string, body?: object, options?: SendOptions) => Promise<Exchange>
  /** The user's connections as the backend lists them. */
  readonly list: (options?: SendOptions) => Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Looks for a connection in that list. */
  readonly isListed: (id: string, options?: SendOptions) => Promise<boolean>
  /** Asks for something of the provider's API. */
  readonly resource: (method: string, id: string, path: string, options?: SendOptions) => Promise<Exchange>
}

/** A value that the backend cannot know: as a state, a code, or a connection's id. */
export const unknownId = (bytes: number): string => randomBytes(bytes).toString('base64url')

/** Puts the tools of rules together. */
export function createBench(options: CheckOptions, client: Client, provider: ScriptedProvider): Bench {
  return {
    options,
    client,
    provider,
    ...createFlow(options, client, provider),
    ...createConnections(client),
    async received(endpoint, work) {
      const before = provider.to(endpoint).length
      const result = await work()
      return { result, seen: provider.to(endpoint).slice(before) }
    },
  }
}

function createFlow(options: CheckOptions, client: Client, provider: ScriptedProvider): Flow {
  const { mediated } = options.providers
  const lives = new Map<string, string>()

  const flow: Flow = {
    async authorizationBody(name = mediated) {
      const verifier = createCodeVerifier()
      const body = {
        state: createState(),
        code_challenge: await calculateCodeChallenge(verifier),
        redirect_uri: redirectUriOf(options, name),
      }
      return { verifier, body }
    },
    consent(answer, { state, verifier }, { provider: name = mediated, granted: scope } = {}) {
      expectStatus(answer, 201)
      const url = String(member(answer, 'authorization_url'))
      const code = provider.consent(url, { provider: name, ...(scope !== undefined && { scope }) })
      const transaction = member(answer, 'transaction')
      return {
        code,
        state,
        code_verifier: verifier,
        ...(typeof transaction === 'string' && { transaction }),
      }
    },
    async begin(begin = {}) {
      const { provider: name = mediated } = begin
      const { verifier, body } = await flow.authorizationBody(name)
      const answer = await client.send('POST', `/${name}/authorization`, { body: { ...body, ...begin.body } })
      return flow.consent(answer, { state: body.state, verifier }, begin)
    },
    redeem: (proof, { provider: name = mediated, ...send } = {}) =>
      client.send('POST', `/${name}/token`, { ...send, body: proof }),
    async connect(begin = {}) {
      const { provider: name = mediated } = begin
      const answer = await flow.redeem(await flow.begin(begin), { provider: name })
      expectStatus(answer, 200)
      return connectionId(answer)
    },
    async live(name = mediated) {
      const id = lives.get(name) ?? (await flow.connect({ provider: name }))
      lives.set(name, id)
      return id
    },
    renew: () => {
      lives.clear()
    },
  }
  return flow
}

function createConnections(client: Client): Connections {
  const connections: Connections = {
    accessToken: (id, body = {}, send = {}) =>
      client.send('POST', `/connections/${id}/access-token`, { ...send, body }),
    async list(send = {}) {
      const answer = await client.send('GET', '/connections', send)
      expectStatus(answer, 200)
      const listed = member(answer, 'connections')
      if (!Array.isArray(listed)) throw new Mismatch('GET /connections gave no list')
      return listed as readonly Readonly<Record<string, unknown>>[]
    },
    isListed: async (id, send) => (await connections.list(send)).some((one) => one['id'] === id),
    resource: (method, id, path, send = {}) =>
      client.send(method, `/connections/${id}/resource/${path}`, send),
  }
  return connections
}

/** The id of the connection in a token answer. @throws {Mismatch} where none is. */
export function connectionId(answer: Exchange): string {
  const { id } = Object(member(answer, 'connection')) as { id?: unknown }
  if (typeof id !== 'string' || !/^[\w.~-]{1,200}$/.test(id))
    throw new Mismatch(`${requestOf(answer)} gave no connection with an id`)
  return id
}
