import { checkOptions, type OptionForms } from '../../protocol/options.js'
import type { JsonObject } from '../../protocol/contract.js'
import type { ConnectionHandle } from '../connections/backend-connection.js'
import { isBoundElsewhere } from '../connections/binding.js'
import { toHeld } from '../connections/held-connection.js'
import type { ConnectionRecord } from '../connections/record.js'
import { readConnection } from '../connections/read-connection.js'
import { forRequest, forSubject, type Context } from '../context.js'
import { sha256 } from '../crypto/hash.js'
import { checkJsonType, isObject, readText } from '../http/body.js'
import { correlationOf } from '../http/correlation.js'
import { Refusal } from '../http/refusal.js'
import type { Lifecycle } from '../lifecycle.js'
import { providerContext } from '../provider-context.js'
import type { BackendProvider } from '../provider.js'
import type { Delivery, ProviderWebhooks, WebhookKind } from './provider-webhooks.js'
import { reportRefusal } from '../report-refusal.js'
import { answerDelivery } from './answer.js'
import { createLater } from './later.js'
import { once } from './once.js'
import { eventSeconds, refuseWebhook, verifySecurityEvent } from './security-event.js'
import { idsFor } from './webhook-index.js'

/** An event that a provider has told about one connection of one user. */
export type WebhookEvent = ConnectionHandle & {
  /** The provider's name in `providers`. */
  readonly provider: string
  /** The provider's own name of the event, such as `syncCompleted`. */
  readonly name: string
  /**
   * `synced`: the provider has read the bank again; `data_changed`: there is something new to read; `renewal_needed`: the person must
   * renew the connection, or soon; `other`: see `name`.
   */
  readonly kind: WebhookKind
} & (
    | {
        /** The provider has signed it. */
        readonly verified: true
        /** What the provider says of it. */
        readonly detail: JsonObject
      }
    | {
        /** Nobody has signed it, and anybody may have sent it: believe nothing, and read again by `connections.fetch`. */
        readonly verified: false
      }
  )

/** Options of `backend.webhooks`. */
export interface WebhookOptions {
  /**
   * Takes an event. It is awaited, and the provider waits for it (Moneyhub for 5 s): put the event on a queue. Where it fails, the
   * delivery is answered with 503, and the provider's next one is taken.
   */
  readonly onEvent: (event: WebhookEvent) => unknown
  /** Path below which the provider's name is. @defaultValue `/webhooks` */
  readonly basePath?: string
}

const forms = { onEvent: 'function!', basePath: 'string' } satisfies OptionForms<WebhookOptions>

/** The largest delivery that is read: 1 MiB. Moneyhub's hold up to 6000 ids. */
const maximumBytes = 1_048_576

/** Makes the handler of webhooks. @throws {TypeError} for an option that is missing or wrong. */
export function createWebhooks(
  context: Context,
  { track, checkOpen }: Pick<Lifecycle, 'track' | 'checkOpen'>,
  options: WebhookOptions,
): (request: Request) => Promise<Response> {
  checkOptions('webhooks', options, forms)
  const { onEvent, basePath = '/webhooks' } = options
  const later = createLater(unsignedSeconds + 1)
  const tellAgain = async (own: Context, delivery: Received): Promise<void> => {
    try {
      checkOpen()
      await tell(own, delivery, onEvent)
    } catch (error) {
      reportRefusal(own, error)
    }
  }
  return (request) => {
    const own = forRequest(context, correlationOf(request), false)
    const work = async (): Promise<Response> => {
      try {
        checkOpen()
        await context.ready()
        const delivery = await receive(own, basePath, request)
        const repeated = await tell(own, delivery, onEvent)
        // A stranger may have sent the one before: then the provider's own, which says the same, would be lost.
        if (repeated !== undefined) later(repeated, () => track(tellAgain(own, delivery)))
        return answerDelivery()
      } catch (error) {
        return answerDelivery(reportRefusal(own, error))
      }
    }
    return track(work())
  }
}

/** A delivery to a provider's path, read and checked. */
interface Received {
  /** The provider's name. */
  readonly name: string
  readonly delivery: Delivery
  /** What a repetition of the delivery has, too; absent where nobody has signed it. */
  readonly id: string | undefined
}

async function receive(context: Context, basePath: string, request: Request): Promise<Received> {
  const { pathname } = new URL(request.url)
  const name = pathname.startsWith(`${basePath}/`) ? pathname.slice(basePath.length + 1) : ''
  const provider = context.providers.get(name)
  if (!provider?.webhooks) throw new Refusal('not_found', { reason: 'webhook:provider' })
  if (request.method !== 'POST') throw new Refusal('method_not_allowed', { allow: ['POST'] })
  const { payload, id } = await readPayload(context, provider, provider.webhooks, request)
  const delivery = provider.webhooks.read(payload)
  return delivery ? { name, delivery, id } : refuseWebhook('payload')
}

/** Tells the app, unless it was told before. @returns The id of an unsigned delivery that is a repetition. */
async function tell(
  context: Context,
  { name, delivery, id }: Received,
  onEvent: WebhookOptions['onEvent'],
): Promise<string | undefined> {
  const news = toNews(delivery, await connectionsOf(context, name, delivery.name))
  // About nobody here: then it leaves nothing in the store, whoever has sent it.
  if (news.length === 0) return undefined
  const verified = id !== undefined
  const [own, keptSeconds] = verified ? [id, rememberedSeconds] : [await idOf(news), unsignedSeconds]
  const isNew = await once(context, `${name} ${own}`, keptSeconds, () =>
    deliver(context, name, { news, verified }, onEvent),
  )
  return isNew || verified ? undefined : `${name} ${own}`
}

/** One event about one connection. */
interface News {
  readonly event: Delivery['events'][number]
  readonly record: ConnectionRecord
}

const toNews = ({ events }: Delivery, records: readonly ConnectionRecord[]): readonly News[] =>
  events.flatMap((event) => {
    const { isAbout = () => true } = event
    return records.filter((record) => isAbout(toHeld(record))).map((record) => ({ event, record }))
  })

/** The id of a delivery that has none which could be believed: by what it tells, however its text is written. */
const idOf = (news: readonly News[]): Promise<string> | string =>
  sha256(JSON.stringify([...new Set(news.map(({ event, record }) => `${record.id} ${event.name}`))].sort()))

interface Payload {
  readonly payload: JsonObject
  /** What a repetition of the delivery has, too; absent where nobody has signed it. */
  readonly id?: string
}

/** Seconds for which the same unsigned delivery is not told again: whoever sends it all the time has nothing read all the time. */
const unsignedSeconds = 10

async function readPayload(
  context: Context,
  provider: BackendProvider,
  { signature }: ProviderWebhooks,
  request: Request,
): Promise<Payload> {
  if (!signature) {
    checkJsonType(request.headers)
    const text = await readText(request, maximumBytes)
    const payload = parse(text)
    if (!isObject(payload)) return refuseWebhook('payload')
    return { payload }
  }
  // Unsigned ones of a provider that signs are not taken: what is set up at the provider would be worth nothing.
  if (!/^application\/(?:secevent\+)?jwt$/i.test(request.headers.get('content-type') ?? ''))
    throw new Refusal('unsupported_media_type', { reason: 'webhook:content_type' })
  const jwt = (await readText(request, maximumBytes)).trim()
  const payload = await verifySecurityEvent(jwt, signature, providerContext(context, provider))
  return { payload, id: await sha256(payload.jti) }
}

/** Longer than a delivery is taken, whichever clock is ahead. */
const rememberedSeconds = 2 * eventSeconds

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function deliver(
  context: Context,
  provider: string,
  { news, verified }: { readonly news: readonly News[]; readonly verified: boolean },
  onEvent: WebhookOptions['onEvent'],
): Promise<void> {
  for (const { event, record } of news) {
    const { name, kind, detail } = event
    const { subject, id } = record
    const common = { subject, id, provider, name, kind }
    try {
      await onEvent(verified ? { ...common, verified, detail } : { ...common, verified: false })
    } catch {
      // Also for a refusal of what the app has asked of this backend: to the provider it is no fault of the delivery.
      throw new Refusal('backend_unavailable', { reason: 'webhook:on_event' })
    }
    const { emit } = await forSubject(context, subject, provider)
    emit('webhook_received', { connection: id })
  }
}

/** The connections that a provider's webhooks mean by a name. What the index says is compared with the connection itself. */
async function connectionsOf(
  context: Context,
  provider: string,
  name: string,
): Promise<readonly ConnectionRecord[]> {
  const webhooks = context.providers.get(provider)?.webhooks
  const ids = await idsFor(context, provider, name)
  const found = await Promise.all(ids.map((id) => readConnection(context, id)))
  return found.filter(
    (record): record is ConnectionRecord =>
      record?.provider === provider &&
      !isBoundElsewhere(context, record) &&
      webhooks?.nameOf(toHeld(record)) === name,
  )
}
