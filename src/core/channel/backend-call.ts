import { fromWire } from '../../protocol/step-up.js'
import {
  contractHeader,
  contractVersion,
  correlationHeader,
  subjectHeader,
  type ErrorAnswer,
} from '../../protocol/contract.js'
import { CountersignError, StepUpError, ValidationError } from '../../protocol/errors.js'
import { sha256 } from '../../protocol/digest.js'
import { readJsonObject, request, type Fetch } from '../../protocol/http.js'
import { backendUrl } from '../backend-url.js'
import type { Context } from '../context.js'
import { invalid, notFound, toError } from './backend-error.js'
import { resourceUrl } from './resource-url.js'

/** One request of the contract. */
export interface BackendCall<Body extends object = object> {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the contract's base. */
  readonly path: string
  /** What the event says: the endpoint, and the id of the transaction or the connection that the request is for. */
  readonly endpoint:
    'authorization' | 'token' | 'access-token' | 'disconnect' | 'connections' | 'institutions' | 'resource'
  readonly about: string
  readonly body?: Sendable<Body>
}

/** Members that JSON leaves out where they are `undefined`. */
type Sendable<Body> = { readonly [Name in keyof Body]: Body[Name] | undefined }

/**
 * Sends one request of the contract, under an id of its own.
 *
 * @param read Reads what is needed out of the answer.
 * @throws {BackendError} for an answer that is no success, or of something that is no backend.
 * @throws {ValidationError} `backend_response_invalid` for an answer that says yes and cannot be used.
 * @throws {NetworkError} when no answer came. Each of them has the request's id as `correlation`.
 */
export async function callBackend<Document, Result>(
  context: Context,
  call: BackendCall,
  read: (document: Partial<Document>) => Result,
): Promise<Result> {
  const correlation = announce(context, call)
  try {
    return read((await send(context, call, correlation)) as Partial<Document>)
  } catch (error) {
    throw error instanceof CountersignError ? withCorrelation(error, correlation) : error
  }
}

/** An error with the id of its request. */
const withCorrelation = (error: CountersignError, correlation: string | undefined): CountersignError =>
  Object.assign(error, correlation !== undefined && { correlation })

/** Gives a request its id, and tells the app of both. */
function announce(
  context: Context,
  { about, endpoint }: Pick<BackendCall, 'about' | 'endpoint'>,
): string | undefined {
  // There is no randomUUID on plain HTTP: requests then carry no id.
  const { randomUUID } = crypto as Partial<Crypto>
  const { random } = context.platform
  const correlation = (random?.requestId ?? random?.uuid ?? randomUUID)?.call(crypto)
  context.emit('backend_requested', about, endpoint, { ...(correlation !== undefined && { correlation }) })
  return correlation
}

async function send(
  context: Context,
  { method, path, body }: BackendCall,
  correlation: string | undefined,
): Promise<Record<string, unknown>> {
  const { url, fetch, credentials } = backendOf(context)
  const headers = {
    ...(await contractHeaders(context)),
    ...(correlation !== undefined && { [correlationHeader]: correlation }),
    ...(body && { 'content-type': 'application/json' }),
  }
  const answer = await request(
    fetch,
    url + path,
    { method, credentials, headers, ...(body && { body: JSON.stringify(body) }) },
    // The list is whole, however long it is.
    { timeoutSeconds: 30, maximumBytes: 4_194_304 },
  ).catch((error: unknown) => {
    if (!(error instanceof ValidationError)) throw error
    // A redirect, most likely to a sign-in page. Whatever it was, the backend has not answered, so nothing is given up for it.
    throw error.parameter === 'status' ? notFound(pathOf(url), 0) : invalid(error.parameter)
  })
  const document = readJsonObject(answer)
  if (answer.response.ok && document) return document
  throw toError(answer.response, pathOf(url), document)
}

/**
 * A request to the provider's API by way of the backend, which adds the token. The app may give it an id of its own; a refusal of
 * the backend has the id as `correlation`.
 *
 * @throws {StepUpError} when the API wants the person to sign in again, or by a stronger way.
 * @throws {CountersignError} `refresh_failed` when the refreshes of the connection get no OAuth answer.
 * @throws {BackendError} for any other refusal of the backend itself, such as `reauthorization_required` when the connection must
 * be renewed.
 */
export async function fetchThroughBackend(
  context: Context,
  id: string,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const { url, fetch, credentials } = backendOf(context)
  const target = resourceUrl(`${url}${pathTo(id)}/resource/`, path)
  const headers = new Headers(init.headers)
  const correlation = headers.get(correlationHeader) ?? announce(context, { about: id, endpoint: 'resource' })
  if (correlation !== undefined) headers.set(correlationHeader, correlation)
  for (const [name, value] of Object.entries(await contractHeaders(context))) headers.set(name, value)
  const response = await fetch(target, {
    referrerPolicy: 'no-referrer',
    ...init,
    redirect: 'error',
    headers,
    credentials,
  })
  // Answers of the API come without it.
  if (response.ok || !response.headers.has(contractHeader)) return response
  throw withCorrelation(await readRefusal(response, pathOf(url)), correlation)
}

/** The error of the backend's own answer in place of the API's. The answer to a HEAD has no body: then the status decides. */
async function readRefusal(response: Response, path: string): Promise<CountersignError> {
  const document: unknown = await response.json().catch(() => undefined)
  const answer = Object(document) as Partial<ErrorAnswer>
  // Without what it wants, or with what cannot be read of it, the person can still sign in again.
  return answer.error === 'step_up_required'
    ? new StepUpError(fromWire(answer) ?? {})
    : toError(response, path, { ...answer })
}

/** Path of a connection below the contract's base. */
export const pathTo = (id: string): string => `/connections/${encodeURIComponent(id)}`

/**
 * The headers of every request. The cookie may be another user's than the one this page knows: the backend does nothing
 * then. An app without users of its own has no id to compare.
 */
async function contractHeaders({ subject }: Context): Promise<Readonly<Record<string, string>>> {
  const user = subject()
  return { [contractHeader]: contractVersion, ...(user && { [subjectHeader]: await sha256(user) }) }
}

/** The path of the contract's base, as the sentences name it: the rest of a URL may hold anything. */
const pathOf = (url: string): string => new URL(url).pathname

/** The backend's absolute URL, without a slash at the end, and the `fetch` that reaches it. */
function backendOf(context: Context): {
  readonly url: string
  readonly fetch: Fetch
  /** Cookies go along, unless the app brings its own `fetch`. */
  readonly credentials: RequestCredentials
} {
  const url = backendUrl(context)
  if (!url) throw new TypeError('This provider needs a backend: give createClient the `backend` option.')
  const { fetch } = Object(context.backend) as { readonly fetch?: Fetch }
  return { url, fetch: fetch ?? context.platform.fetch, credentials: fetch ? 'omit' : 'include' }
}
