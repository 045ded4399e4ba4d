import { respondRefusal } from './http/responses.js'
import { forRequest, forSubject, type Context } from './context.js'
import type { BackendHealth, HealthOptions } from './health.js'
import { correlate, correlationOf } from './http/correlation.js'
import { reportRefusal } from './report-refusal.js'
import { allowOrigin, checkOrigin, checkSubject, preflight } from './http/guard.js'
import { createContext, type BackendOptions } from './options.js'
import type { BackendProviders, Session } from './provider.js'
import { addressKey, unknownAddress } from './http/client-address.js'
import { countRequest } from './http/rate-limit.js'
import { createLifecycle, type Lifecycle } from './lifecycle.js'
import { Refusal } from './http/refusal.js'
import { createBackendConnections, type BackendConnections } from './connections/backend-connections.js'
import { createWebhooks, type WebhookOptions } from './webhooks/webhooks.js'
import { findRoutes, type Method, type Route } from './routes.js'

/** The reference backend: a Web-standard handler of the contract. */
export interface Backend {
  /** Answers a request; never rejects. */
  (request: Request): Promise<Response>
  /**
   * Fulfilled when the providers' keys are imported, the store answers, and `keys` belong to it. Await it at start to learn of
   * a wrong key before users do: it rejects with a `TypeError` with the remedy, or with the store's own error.
   */
  readonly ready: Promise<void>
  /** The state of this process and its store, for a load balancer: answer 200 or 503 by `ok`. Never rejects. */
  health(options?: HealthOptions): Promise<BackendHealth>
  /**
   * Refuses new requests with `backend_unavailable`, and is fulfilled when those under way have ended: a code that is being
   * redeemed, or a refresh, is stored first. Call it before the process ends, and before the store is closed.
   */
  close(): Promise<void>
  /** The connections, for the app's own server: without a page, and without a request. */
  readonly connections: BackendConnections
  /**
   * Makes a handler for what providers send by themselves, at `POST /webhooks/{provider}`: Moneyhub's signed events, and Basis'
   * unsigned ones. It has no session and no origin: route it beside the contract. What it takes is checked, told once, and only for a
   * connection that is here; everything else is refused, or accepted without effect.
   *
   * @throws {TypeError} for an option that is missing or wrong.
   * @example
   * ```ts
   * import type { Backend } from 'countersign/backend'
   *
   * declare const backend: Backend
   * declare const queue: { add(job: object): Promise<void> }
   *
   * const webhooks = backend.webhooks({
   *   onEvent: async ({ kind, subject, id }) => {
   *     if (kind === 'synced' || kind === 'data_changed') await queue.add({ read: { subject, id } })
   *     if (kind === 'renewal_needed') await queue.add({ remind: subject })
   *   },
   * })
   * ```
   * @see https://www.rfc-editor.org/rfc/rfc8935.html
   */
  webhooks(options: WebhookOptions): (request: Request) => Promise<Response>
}

/**
 * The reference implementation of the backend contract: it signs, authenticates and keeps refresh tokens for pages, which
 * must not.
 *
 * @throws {TypeError} when an option is missing or wrong, with the remedy.
 * @example
 * ```ts
 * import { createBackend, memoryStore, stitch } from 'countersign/backend'
 *
 * declare const sessions: { find(cookie: string | null): Promise<{ userId: string } | undefined> }
 * declare const privateKey: CryptoKey
 *
 * const backend = createBackend({
 *   origins: ['https://app.example'],
 *   store: memoryStore(),
 *   async session(request) {
 *     const session = await sessions.find(request.headers.get('cookie'))
 *     return session ? { subject: session.userId } : null
 *   },
 *   providers: {
 *     stitch: stitch({
 *       clientId: 'test-18fbd892',
 *       redirectUri: 'https://app.example/callback/stitch',
 *       scope: 'openid accounts balances offline_access',
 *       privateKey,
 *       keyId: '4f2b',
 *       idToken: 'unverified',
 *     }),
 *   },
 * })
 * await backend.ready
 *
 * export default { fetch: backend }
 * ```
 * @see https://www.rfc-editor.org/rfc/rfc10017.html#section-6.2
 */
export function createBackend<const P extends BackendProviders>(options: BackendOptions<P>): Backend {
  const context = createContext(options)
  const lifecycle = createLifecycle(context)
  const { track, health, close } = lifecycle
  const handle = async (request: Request): Promise<Response> => {
    const correlation = correlationOf(request)
    const answer = await track(respond(forRequest(context, correlation), request, lifecycle))
    return allowOrigin(correlate(answer, correlation), request, context.guard)
  }
  const connections = createBackendConnections(context, lifecycle)
  const webhooks = (options: WebhookOptions) => createWebhooks(context, lifecycle, options)
  const backend = Object.assign(handle, { health, close, connections, webhooks })
  // Begins when somebody asks: a platform may allow no requests to a store before the first one that it serves.
  return Object.defineProperty(backend, 'ready', { get: context.ready }) as Backend
}

async function respond(
  context: Context,
  request: Request,
  { checkOpen, track }: Pick<Lifecycle, 'checkOpen' | 'track'>,
): Promise<Response> {
  try {
    checkOpen()
    const preflightAnswer = preflight(request, context.guard)
    if (preflightAnswer) return preflightAnswer
    const { route, session } = await admit(context, request)
    const own = await forSubject(context, session.subject, route.provider)
    return await route.respond(own, session, request, track).catch((error: unknown) => refuse(own, error))
  } catch (error) {
    return refuse(context, error)
  }
}

const refuse = (context: Context, error: unknown): Response => respondRefusal(reportRefusal(context, error))

/**
 * Admits a request of the contract, made by the app's own page for a signed-in user.
 *
 * @throws {Refusal} for any other request, and for one too many.
 */
async function admit(
  context: Context,
  request: Request,
): Promise<{ readonly route: Route; readonly session: Session }> {
  const { pathname } = new URL(request.url)
  const routes = findRoutes(context.basePath, pathname)
  const route = Object.hasOwn(routes, request.method) ? routes[request.method as Method] : undefined
  if (!route) throw new Refusal('method_not_allowed', { allow: Object.keys(routes) })
  checkOrigin(request, context.guard)
  const { action } = route
  // Before the session is looked up: who has none may not ask for one without end.
  const key = await addressKeyOf(context, request)
  if (key !== undefined) await countRequest(context, { by: 'address', key, action })
  await context.ready()
  const session = await context.session(request)
  if (!session) {
    await context.knownSessions.remove(request)
    throw new Refusal('unauthenticated')
  }
  await context.knownSessions.add(request)
  await countRequest(context, { by: 'subject', key: session.subject, action })
  await checkSubject(request, session.subject)
  return { route, session }
}

/** The address to count a request by; `undefined` where it has none, and carries what is known to be a session. */
async function addressKeyOf(
  { clientAddress, knownSessions }: Context,
  request: Request,
): Promise<string | undefined> {
  const address = clientAddress(request)
  if (address) return addressKey(address)
  return (await knownSessions.has(request)) ? undefined : unknownAddress
}
