import { Agent, request as requestHttp, type ClientRequest } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { readMessage, type Message } from './message.js'
import { Mismatch } from './mismatch.js'

/** An HTTP client for one server, which sends a target as it is: a URL would be normalized. */
export interface HttpClient {
  /** @throws {Mismatch} when no whole answer comes. */
  readonly send: (
    method: string,
    target: string,
    headers: Readonly<Record<string, string>>,
    bytes: Uint8Array | undefined,
  ) => Promise<Message & { readonly status: number }>
  readonly close: () => void
}

const timeoutMilliseconds = 20_000

/** Makes a client for the server of a URL. */
export function createHttpClient({ protocol, hostname, port }: URL): HttpClient {
  const isSecure = protocol === 'https:'
  const agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true })
  const host = hostname.replace(/^\[|\]$/g, '')
  return {
    send(method, path, headers, bytes) {
      const settings = { host, port, method, path, headers, agent }
      return exchange(isSecure ? requestHttps(settings) : requestHttp(settings), bytes)
    },
    close: () => {
      agent.destroy()
    },
  }
}

function exchange(request: ClientRequest, bytes: Uint8Array | undefined): ReturnType<HttpClient['send']> {
  return new Promise((resolve, reject) => {
    let answered = false
    request.once('response', (response) => {
      answered = true
      readMessage(response).then(
        (message) => resolve({ status: response.statusCode ?? 0, ...message }),
        () => reject(new Mismatch('the answer broke off')),
      )
    })
    // A server may answer before it has read a body that is too large, and close: the answer counts.
    request.on('error', (error: Error & { code?: string }) => {
      if (!answered) reject(new Mismatch(`no answer came (${error.code ?? error.name})`))
    })
    request.setTimeout(timeoutMilliseconds, () => {
      request.destroy(Object.assign(new Error(), { code: 'no answer in 20 seconds' }))
    })
    // In one piece, so that the headers do not wait for the body.
    request.end(bytes)
  })
}
