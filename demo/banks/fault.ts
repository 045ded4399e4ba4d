import type { ServerResponse } from 'node:http'
import type { Fault, FaultReply } from './control.js'
import { sendJson, type BankRequest } from './http.js'

/**
 * Makes an endpoint fail.
 *
 * @returns whether the endpoint shall still do its work
 */
export function applyFault(
  fault: Fault,
  request: BankRequest,
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
): boolean {
  if (fault === 'hang') return false
  if (fault === 'dropped') {
    request.socket.destroy()
    return false
  }
  if (fault === 'broken-reply') {
    breakReply(response)
    return true
  }
  if (fault === 'lost-reply') {
    loseReply(response)
    return true
  }
  reply(fault, response, headers)
  return false
}

/** Node writes nothing of a short answer before `end`, so here the client is cut off without a byte. */
function loseReply(response: ServerResponse): void {
  response.end = () => response.destroy()
}

/** The headers arrive and announce a body, of which nothing follows. */
export function breakReply(response: ServerResponse): void {
  response.end = () => {
    response.flushHeaders()
    response.socket?.destroySoon()
    return response
  }
}

function reply(fault: FaultReply, response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  const { status = 400, error = 'server_error', error_description, body } = fault
  const all = { ...headers, ...fault.headers }
  if (body === undefined) return sendJson(response, status, { error, error_description }, all)
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', ...all })
  response.end(body)
}
