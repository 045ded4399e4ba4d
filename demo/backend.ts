import type { RequestListener } from 'node:http'
import type { Banks } from './banks/index.js'

/** What {@link startBackend} needs. */
export interface BackendOptions {
  readonly origin: string
  readonly banks: Banks
  readonly assertionKey: CryptoKey
  readonly subjectOf: (request: Request) => string | null
}

export function startBackend(_options: BackendOptions): RequestListener {
  return (_request, response) => {
    response.writeHead(501).end()
  }
}
