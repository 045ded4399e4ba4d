import { retryAfterOf } from '../../protocol/retry-after.js'
import { readStepUp } from '../../protocol/step-up.js'
import { request as send, type Answer } from '../../protocol/http.js'
import { usableTokens } from './access-tokens.js'
import { securityHeaders } from '../http/responses.js'
import { checkJsonType, readText } from '../http/body.js'
import { checkConsent } from './consent-end.js'
import { toHeld } from './held-connection.js'
import type { ConnectionRecord } from './record.js'
import { buildUrl, findRoute, readQuery } from './resource-route.js'
import { changeConnection, findConnection } from './stored-connections.js'
import { countUnattended } from './unattended-limit.js'
import { providerOf, type Context } from '../context.js'
import { providerContext } from '../provider-context.js'
import { toRefusal } from '../http/to-refusal.js'
import { sha256 } from '../crypto/hash.js'
import { correlationHeader } from '../../protocol/contract.js'
import { forwardedHeaders, relayedHeaders } from '../http/headers.js'
import type { BackendProvider, ResourceRoute, Resources } from '../provider.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'

/** The largest body that a page may send on: 64 KiB. */
const maximumRequestBytes = 65_536

/** The largest answer that is relayed: 4 MiB. */
const maximumAnswerBytes = 4_194_304

const timeoutSeconds = 20

interface Forward {
  readonly provider: BackendProvider
  readonly record: ConnectionRecord
  readonly route: ResourceRoute
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/**
 * A request of a page to the provider's API: only what the provider lists, to one fixed place, with the token added
 * here. When the API refuses the token, it is replaced once and the request sent once more, if it may be repeated. Where it may not, the
 * next request has the new token.
 *
 * @throws {Refusal} `not_found`, `method_not_allowed`, `invalid_request`, and what the provider's failure means.
 * @see https://www.rfc-editor.org/rfc/rfc10017.html#section-6.1.3.6
 */
export async function requestResource(
  context: Context,
  subject: string,
  id: string,
  path: string,
  request: Request,
): Promise<Response> {
  const record = await findConnection(context, subject, id)
  const provider = providerOf(context, record.provider)
  const { resources, mode } = provider
  // What a page may not ask for in `mediated` mode, the app's own server may.
  if (!resources || (mode !== 'bff' && context.attended))
    throw new Refusal('not_found', { reason: 'no_resources' })
  const { route, segments } = findRoute(resources, request.method, path, toHeld(record))
  const url = buildUrl(resources, segments, readQuery(route, new URL(request.url).searchParams))
  const headers = pick(request.headers, forwardedHeaders)
  const forward = { provider, record, route, url, headers, body: await readBody(request) }

  await countRequest(context, { by: 'provider', key: record.provider, action: 'resource', subject })
  await countRequestWithoutPerson(context, record)
  const token = await tokenFor(context, forward, undefined)
  const first = await ask(context, forward, token)
  context.emit('resource_requested', { provider: record.provider, connection: id })
  if (!first.tokenRejected) return conclude(context, forward, first)
  const again = { ...forward, record: await findConnection(context, subject, id) }
  // Even if this request may not be repeated: the next one would be refused, too.
  const newer = await tokenFor(context, again, token)
  if (newer === token || !isRepeatable(route, forward.body))
    throw new Refusal('provider_error', { reason: 'token_rejected' })
  await countRequestWithoutPerson(context, again.record)
  const second = await ask(context, again, newer)
  if (second.tokenRejected) throw new Refusal('provider_error', { reason: 'token_rejected_twice' })
  return conclude(context, again, second)
}

/** @throws {Refusal} `reauthorization_required` where the API refuses because the consent has ended. */
async function conclude(
  context: Context,
  { provider, record: { subject, id } }: Forward,
  answer: ApiAnswer,
): Promise<Response> {
  // Read again: what the API was asked with may be newer than the token of the record before.
  if (answer.status === 403) await checkConsent(context, provider, await findConnection(context, subject, id))
  return relay(answer)
}

async function countRequestWithoutPerson(
  context: Context,
  { provider, id }: ConnectionRecord,
): Promise<void> {
  if (context.attended || !context.unattended.has(provider)) return
  await changeConnection(context, id, (record) =>
    record ? { write: countUnattended(context, record), result: undefined } : { result: undefined },
  )
}

function pick(headers: Headers, names: readonly string[]): Record<string, string> {
  const picked = names.flatMap((name) => {
    const value = headers.get(name)
    return value !== null && /^[\x20-\x7e]{1,256}$/.test(value) ? [[name, value] as const] : []
  })
  return Object.fromEntries(picked)
}

async function readBody(request: Request): Promise<string | undefined> {
  if (/^(?:GET|DELETE)$/.test(request.method)) return undefined
  checkJsonType(request.headers)
  const text = await readText(request, maximumRequestBytes)
  if (parseJson(text) === undefined) throw new Refusal('invalid_request', { reason: 'json' })
  return text
}

async function tokenFor(
  context: Context,
  { provider, record, route }: Forward,
  rejected: string | undefined,
): Promise<string> {
  const own = await providersToken(context, { provider, record, route }, rejected)
  if (own !== undefined) return own
  const hash = rejected === undefined ? undefined : await sha256(rejected)
  return (await usableTokens(context, record, hash)).accessToken
}

/** The provider's token for the request, where that is not the connection's own. */
async function providersToken(
  context: Context,
  { provider, record, route }: Pick<Forward, 'provider' | 'record' | 'route'>,
  rejected: string | undefined,
): Promise<string | undefined> {
  if (!provider.resourceToken) return undefined
  if (record.status === 'reauthorization_required')
    throw new Refusal('reauthorization_required', { connection: record.id })
  try {
    return await provider.resourceToken(toHeld(record), route, rejected, providerContext(context, provider))
  } catch (error) {
    throw toRefusal(error)
  }
}

interface ApiAnswer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  readonly tokenRejected: boolean
}

async function ask(context: Context, forward: Forward, token: string): Promise<ApiAnswer> {
  const { provider, record, route, url, headers, body } = forward
  const plain = provider.fetch ?? context.fetch
  const own = providerContext(context, provider)
  try {
    const fetch = (await provider.presentToken?.(token, plain, own)) ?? plain
    const init = {
      method: route.method,
      headers: {
        ...(context.correlation !== undefined && { [correlationHeader]: context.correlation }),
        ...headers,
        ...provider.resources?.headers?.(own),
        accept: 'application/json',
        ...(!provider.presentToken && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    }
    const received = await send(fetch, url, init, { timeoutSeconds, maximumBytes: maximumAnswerBytes })
    const asked = readStepUp(received.response)
    const answer = asked ? undefined : read(received, provider.resources, route)
    if (holds(answer ?? { text: JSON.stringify(asked), headers: new Headers() }, token))
      throw new Refusal('provider_error', { reason: 'token_echoed' })
    // Another token would not help: the person must sign in again.
    if (!answer) throw new Refusal('step_up_required', { connection: record.id, asked })
    return answer
  } catch (error) {
    throw toRefusal(error)
  }
}

/** @throws {Refusal} for an answer that no page may have from this origin: a failure's page, or anything but JSON. */
function read({ response, text }: Answer, resources: Resources | undefined, route: ResourceRoute): ApiAnswer {
  const { status, headers } = response
  if (status >= 500) throw new Refusal('provider_unavailable', { reason: `status_${String(status)}` })
  if (status === 401) return { status, text: '', headers, tokenRejected: true }
  const json = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers.get('content-type') ?? '')
  const body = json ? parseJson(text) : undefined
  if (body === undefined && text !== '') throw new Refusal('provider_error', { reason: 'no_json' })
  const verdict = resources?.inspect?.(body, status, route)
  if (verdict === 'unacceptable') throw new Refusal('provider_error', { reason: 'unacceptable' })
  return { status, text, headers, tokenRejected: verdict === 'token_rejected' }
}

/** True where an answer repeats the token, as APIs do that echo a request in an error: no page gets it by that. */
function holds({ text, headers }: Pick<ApiAnswer, 'text' | 'headers'>, token: string): boolean {
  const relayed = relayedHeaders.map((name) => headers.get(name) ?? '')
  // Any of its characters may be written as an escape of JSON.
  return [text, unescapeJson(text), ...relayed].some((part) => part.includes(token))
}

const unescapeJson = (text: string): string =>
  text.replace(/\\(?:u([\da-f]{4})|(.))/gi, (_, code: string | undefined, character: string) =>
    code === undefined ? character : String.fromCharCode(parseInt(code, 16)),
  )

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** @see https://www.rfc-editor.org/rfc/rfc9110.html#section-9.2.2 */
const isRepeatable = ({ method, isRepeatable: may }: ResourceRoute, body: string | undefined): boolean =>
  may ? may(body) : /^(?:GET|PUT|DELETE)$/.test(method)

/** The text as it came: parsing and writing it again would change large numbers. */
function relay({ status, text, headers }: ApiAnswer): Response {
  return new Response(text === '' ? null : text, {
    status,
    headers: {
      ...securityHeaders,
      ...pick(
        headers,
        relayedHeaders.filter((name) => name !== 'retry-after'),
      ),
      ...retryAfter(headers),
      ...(text !== '' && { 'content-type': 'application/json' }),
    },
  })
}

/** In seconds, as the contract has it, whatever an API writes there. */
function retryAfter(headers: Headers): { readonly 'retry-after'?: string } {
  const seconds = retryAfterOf(headers)
  return seconds === undefined ? {} : { 'retry-after': String(Math.ceil(seconds)) }
}
