import type { ServerResponse } from 'node:http'
import type { Behaviour, Control } from './control.js'
import { parseJson, sendJson, type BankRequest } from './http.js'
import type { RequestLog } from './requests.js'

const path = '/__control'

/** What `POST /__control` takes: any of these, done in this order. */
interface Orders<B, A> {
  readonly reset?: true
  readonly next?: B
  readonly always?: B
  readonly act?: A
  readonly clearRequests?: true
}

/**
 * Answers `GET` and `POST /__control` and `GET /__control/requests`. No CORS header is ever sent, and the body must be
 * JSON, so that no page of another site can reach it.
 *
 * @returns whether the request was one of these
 */
export function serveControl<B extends Behaviour, A extends string>(
  request: BankRequest,
  response: ServerResponse,
  control: Control<B, A>,
  requests: RequestLog,
): boolean {
  if (request.path !== path && request.path !== `${path}/requests`) return false
  if (request.headers.host !== new URL(request.origin).host) refuse(response, 403, otherHost)
  else if (request.path === `${path}/requests`) sendJson(response, 200, requests.all)
  else if (request.method !== 'POST') sendJson(response, 200, control.state)
  else void obey(request, response, control, requests)
  return true
}

// A name of another site that resolves to this machine would otherwise make the browser think it is the same origin.
const otherHost = 'The control endpoint answers under its own address only.'

async function obey<B extends Behaviour, A extends string>(
  request: BankRequest,
  response: ServerResponse,
  control: Control<B, A>,
  requests: RequestLog,
): Promise<void> {
  const orders = readOrders<B, A>(request)
  if (!orders) {
    refuse(response, 415, 'Send a JSON object with reset, next, always, act or clearRequests.')
    return
  }
  try {
    if (orders.reset) control.reset()
    if (orders.next) control.next(orders.next)
    if (orders.always) control.always(orders.always)
    if (orders.act) await control.act(orders.act)
    if (orders.clearRequests) requests.clear()
    sendJson(response, 200, control.state)
  } catch (error) {
    refuse(response, 400, error instanceof Error ? error.message : 'The control failed.')
  }
}

function readOrders<B, A>(request: BankRequest): Orders<B, A> | undefined {
  if (!request.headers['content-type']?.startsWith('application/json')) return undefined
  const orders = parseJson(request.body.toString())
  return typeof orders === 'object' && orders !== null ? orders : undefined
}

function refuse(response: ServerResponse, status: number, error: string): void {
  sendJson(response, status, { error })
}
