import { createHash } from 'node:crypto'
import type { Parameters } from '../../demo/banks/support.js'

export type { Parameters }

export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** What a person comes back with: parameters, or `page` where they are sent nowhere. */
export type Back = Readonly<Record<string, string>> | 'page'

export type Action = 'approve' | 'deny' | 'cancel'

export interface Sent {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly certificate: boolean
}

export type Endpoint = 'authorization' | 'token' | 'par' | 'revocation' | 'api'

/** A server, whichever it is: what it takes to reach it. */
export interface Ends {
  readonly clientId: string
  readonly redirectUri: string
  readonly endpoints: Readonly<Partial<Record<Endpoint, string>>>
  send(request: Sent): Promise<Answer>
  /** A person opens an authorization URL, and ends the visit. */
  visit(url: URL, action: Action): Promise<Back>
}

/** How a client shows that it is itself. */
export interface Credentials {
  readonly parameters?: Parameters
  readonly headers?: Readonly<Record<string, string>>
  readonly certificate?: boolean
}

export interface ApiCall {
  readonly method?: string
  /** Below the API. */
  readonly path?: string
  readonly body?: object
  /** Headers in place of the usual ones; `undefined` leaves one out. */
  readonly headers?: Parameters
}

/** What is peculiar to a provider's client: the same at both servers. */
export interface ClientOf {
  readonly usesPar?: boolean
  /** Parameters of a good authorization request beside the common ones; `undefined` leaves one out. */
  parameters(place: Place): Promise<Parameters> | Parameters
  /** @param claims Replace those of an assertion. */
  credentials(claims?: Readonly<Record<string, unknown>>): Promise<Credentials> | Credentials
  /** The usual request to the API. */
  readonly api: ApiCall
  /** The token that reads data. @defaultValue that of the connection */
  dataToken?(place: Place, tokens: Answer['body']): Promise<unknown>
}

/** A server that is asked directly, whichever it is. */
export interface Place extends Ends {
  readonly client: ClientOf
  /** Parameters of a good authorization request, with these in place of its own. */
  parameters(parameters?: Parameters): Promise<Parameters>
  authorize(parameters?: Parameters, action?: Action): Promise<Back>
  push(parameters?: Parameters, credentials?: Credentials): Promise<Answer>
  post(endpoint: 'token' | 'revocation' | 'par', form: Parameters, credentials?: Credentials): Promise<Answer>
  api(token: unknown, call?: ApiCall, certificate?: boolean): Promise<Answer>
  /** A code of an approved request. */
  code(parameters?: Parameters): Promise<string>
  redeem(form?: Parameters, credentials?: Credentials): Promise<Answer>
  refresh(token: unknown, form?: Parameters): Promise<Answer>
}

export const verifier = 'a-code-verifier-of-forty-three-characters-0'
const challenge = createHash('sha256').update(verifier).digest('base64url')

const encode = (parameters: Parameters): string =>
  new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString()

export function createPlace(ends: Ends, client: ClientOf): Place {
  const { clientId, redirectUri, endpoints, send } = ends

  const request = async (parameters: Parameters = {}): Promise<Parameters> => ({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state: 'abc',
    nonce: 'xyz',
    code_challenge: challenge,
    code_challenge_method: 'S256',
    ...(await client.parameters(place)),
    ...parameters,
  })

  const place: Place = {
    ...ends,
    client,
    parameters: request,
    async authorize(parameters = {}, action = 'approve') {
      const url = new URL(endpoints.authorization ?? '')
      if (client.usesPar) {
        const { status, body } = await place.push(parameters)
        if (status !== 201) return { pushed: String(status), error: String(body['error']) }
        url.search = encode({ client_id: clientId, request_uri: String(body['request_uri']) })
      } else url.search = encode(await request(parameters))
      return ends.visit(url, action)
    },
    push: async (parameters = {}, credentials) => place.post('par', await request(parameters), credentials),
    async post(endpoint, form, credentials) {
      const { parameters, headers, certificate } = credentials ?? (await client.credentials())
      return send({
        method: 'POST',
        url: endpoints[endpoint] ?? '',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: encode({ ...parameters, ...form }),
        certificate: certificate ?? false,
      })
    },
    async api(token, call = {}, certificate) {
      const { method = 'GET', path = '', body, headers } = { ...client.api, ...call }
      const usual: Parameters = { 'content-type': 'application/json', ...client.api.headers, ...headers }
      const given = Object.entries(usual).filter((entry): entry is [string, string] => entry[1] !== undefined)
      const { certificate: own = false } = await client.credentials()
      return send({
        method,
        url: new URL(path, endpoints.api).href,
        headers: {
          ...Object.fromEntries(given),
          ...(token !== undefined && { authorization: `Bearer ${token as string}` }),
        },
        body: body === undefined ? '' : JSON.stringify(body),
        certificate: certificate ?? own,
      })
    },
    async code(parameters) {
      const back = await place.authorize(parameters)
      if (back === 'page' || !back['code']) throw new Error(`no code came, but ${JSON.stringify(back)}`)
      return back['code']
    },
    redeem: async (form = {}, credentials) =>
      place.post(
        'token',
        {
          grant_type: 'authorization_code',
          redirect_uri: redirectUri,
          code_verifier: verifier,
          ...(!('code' in form) && { code: await place.code() }),
          ...form,
        },
        credentials,
      ),
    refresh: (token, form = {}) =>
      place.post('token', { grant_type: 'refresh_token', refresh_token: token as string, ...form }),
  }
  return place
}
