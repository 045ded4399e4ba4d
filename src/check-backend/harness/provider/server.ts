import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readMessage, type Message } from '../message.js'
import type { ScriptedAnswer } from './script.js'

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
  answer: (request: ProviderRequest) => Promise<ScriptedAnswer>,
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

function write(answer: ScriptedAnswer, outgoing: ServerResponse): void {
  if (answer === 'drop') outgoing.destroy()
  else outgoing.writeHead(answer.status, answer.headers).end(answer.body)
}
