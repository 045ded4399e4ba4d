import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readMessage, type Message } from '../message.js'

/** A response of the provider. */
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** An answer in JSON. */
export const json = (
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** A request as the scripted provider received it. */
export interface ProviderRequest extends Message {
  readonly method: string
  /** The target as it was sent, with its query. */
  readonly target: string
  readonly form: URLSearchParams
}

/** Serves on 127.0.0.1. @returns Closes the server. @throws {Error} when the port is taken. */
export async function serve(
  port: number,
  answer: (request: ProviderRequest) => Promise<Answer | 'drop'>,
): Promise<() => Promise<void>> {
  const server = createServer((incoming, outgoing) => {
    receive(incoming)
      .then(answer)
      .then((given) => write(given, outgoing))
      .catch(() => outgoing.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => {
        resolve()
      })
      server.closeAllConnections()
    })
}

async function receive(incoming: IncomingMessage): Promise<ProviderRequest> {
  const { method = '', url: target = '' } = incoming
  const message = await readMessage(incoming)
  return { method, target, ...message, form: new URLSearchParams(message.text) }
}

function write(answer: Answer | 'drop', outgoing: ServerResponse): void {
  if (answer === 'drop') outgoing.destroy()
  else outgoing.writeHead(answer.status, answer.headers).end(answer.body)
}
