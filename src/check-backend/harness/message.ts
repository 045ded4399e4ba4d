import { Buffer } from 'node:buffer'
import type { IncomingMessage } from 'node:http'

/** Headers and text of a message, as they were sent. */
export interface Message {
  readonly headers: Headers
  readonly text: string
}

/** Reads a message to its end. @throws {Error} when it breaks off. */
export async function readMessage(incoming: IncomingMessage): Promise<Message> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const headers = new Headers()
  for (let index = 0; index < incoming.rawHeaders.length; index += 2)
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
  return { headers, text: Buffer.concat(chunks).toString() }
}
