import type { IncomingMessage, ServerResponse } from 'node:http'
import { serveControl } from './control-endpoint.js'
import { createControl, type Action, type Behaviour, type Control, type Fields } from './control.js'
import type { ReadableControl } from './control.js'
import { crossOriginHeaders } from './cross-origin.js'
import { applyFault } from './fault.js'
import { BodyTooLarge, readBody, readParameters, sendJson, type BankRequest, type Handler } from './http.js'
import { openListener, type Listener, type ListenerOptions } from './listener.js'
import { createRequestLog, type RequestLog, type WritableRequestLog } from './requests.js'
import { serveAsset } from './assets.js'
import type { Theme } from './theme.js'

/** A bank that is open. */
export interface Bank<B extends Behaviour = Behaviour, A extends string = string> {
  readonly name: string
  readonly origin: string
  /** The issuer identifier; for a bank without discovery, its origin. */
  readonly issuer: string
  readonly clientId: string
  readonly control: Control<B, A>
  readonly requests: RequestLog
  close(): Promise<void>
}

/** What an endpoint is, whatever its path: it decides which {@link Fault} concerns it. */
export type Endpoint = 'par' | 'token' | 'revocation' | 'discovery' | 'jwks' | 'api'

/** A bank before it is open. */
export interface BankSetup<B extends Behaviour, A extends string> {
  readonly theme: Theme
  readonly clientId: string
  /** @defaultValue 0, a free port */
  readonly port?: number | undefined
  /** The option that sets `port`, for the message when it is taken. */
  readonly portOption: string
  readonly fields: Fields<B>
  /** What the control can make the bank do at once. */
  readonly actions: Readonly<Record<A, Action>>
  /** Which endpoint a path is. */
  readonly endpoint: (path: string) => Endpoint | undefined
  /** Origins whose pages may read an endpoint's answers, refusals included. */
  readonly readers?: (endpoint: Endpoint) => readonly string[]
}

/** What a bank is built on. */
export interface Foundation<B extends Behaviour = Behaviour> {
  readonly origin: string
  readonly control: ReadableControl<B>
  /** Opens a further listener, answered like the first and closed with the bank: for mutual TLS. */
  readonly listenAlso: (options: ListenerOptions) => Promise<Listener>
}

/** What {@link startBank} needs of a bank once its origin is known. */
export interface BuiltBank {
  readonly issuer: string
  readonly handler: Handler
}

/**
 * Opens a bank: a listener on 127.0.0.1 with the control endpoint, the stylesheet, the log of requests and the faults;
 * everything else is answered by the handler that `build` returns.
 *
 * @throws Error when the port is taken
 */
export async function startBank<B extends Behaviour, A extends string>(
  setup: BankSetup<B, A>,
  build: (foundation: Foundation<B>) => BuiltBank | Promise<BuiltBank>,
): Promise<Bank<B, A>> {
  const listeners = [await openListener(setup)]
  const { origin } = listeners[0] as Listener
  const control = createControl(setup.fields, setup.actions)
  const requests = createRequestLog()
  const listenAlso = async (options: ListenerOptions) => {
    const listener = await openListener(options)
    listeners.push(listener)
    return listener
  }
  const close = async () => {
    await Promise.all(listeners.map((listener) => listener.close()))
  }
  try {
    const { issuer, handler } = await build({ origin, control, listenAlso })
    const answer = answering(setup, control, requests, handler)
    for (const listener of listeners) {
      listener.serve((request, response) => void answer(listener.origin, request, response))
    }
    return { name: setup.theme.name, origin, issuer, clientId: setup.clientId, control, requests, close }
  } catch (error) {
    await close()
    throw error
  }
}

function answering<B extends Behaviour, A extends string>(
  setup: BankSetup<B, A>,
  control: ReadableControl<B, A>,
  requests: WritableRequestLog,
  handler: Handler,
) {
  const respond: Handler = async (request, response) => {
    if (serveControl(request, response, control, requests)) return
    if (await serveAsset(request, response)) return
    requests.add(request, response)
    if (control.peek('isolated')) response.setHeader('cross-origin-opener-policy', 'same-origin')
    if (mayWork(setup, control, request, response)) await handler(request, response)
  }
  return async (origin: string, incoming: IncomingMessage, response: ServerResponse) => {
    try {
      await respond(await toBankRequest(origin, incoming), response)
    } catch (error) {
      fail(incoming, response, error)
    }
  }
}

async function toBankRequest(origin: string, incoming: IncomingMessage): Promise<BankRequest> {
  const url = new URL(incoming.url ?? '/', origin)
  const body = await readBody(incoming)
  const parameters = readParameters(url.searchParams, incoming.headers['content-type'], body)
  return Object.assign(incoming, { body, origin, path: url.pathname, parameters })
}

/** Applies the fault that was set for this request; false when the request is answered by it. */
function mayWork<B extends Behaviour, A extends string>(
  setup: BankSetup<B, A>,
  control: ReadableControl<B, A>,
  request: BankRequest,
  response: ServerResponse,
): boolean {
  const endpoint = setup.endpoint(request.path)
  if (!endpoint || request.method === 'OPTIONS') return true
  const refreshes = endpoint === 'token' && request.parameters['grant_type'] === 'refresh_token'
  const fault = control.take(refreshes ? 'refresh' : endpoint)
  if (fault === undefined) return true
  return applyFault(fault, request, response, crossOriginHeaders(request, setup.readers?.(endpoint) ?? []))
}

function fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (error instanceof BodyTooLarge)
    return sendJson(response, 413, { error: 'payload_too_large' }, { connection: 'close' })
  if (request.errored) return
  console.error(error)
  if (response.headersSent) response.destroy()
  else sendJson(response, 500, { error: 'server_error' })
}
