import { mtlsFetch } from 'countersign/backend/node'
import type { RuntimeEnvironment } from './handler.js'

/** What to present to the server that asks for a client certificate; PEM. */
export interface MtlsEnvironment {
  readonly MTLS_CERT: string
  readonly MTLS_KEY: string
  readonly MTLS_CA: string
}

/** Adds `/mtls` to a backend: what came of a request with a client certificate. */
export function withMtls(
  handler: (request: Request) => Promise<Response>,
  { MTLS_URL, MTLS_CERT, MTLS_KEY, MTLS_CA }: MtlsEnvironment & Pick<RuntimeEnvironment, 'MTLS_URL'>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (new URL(request.url).pathname !== '/mtls') return handler(request)
    try {
      return await mtlsFetch({ cert: MTLS_CERT, key: MTLS_KEY, ca: MTLS_CA })(MTLS_URL, {})
    } catch (error) {
      return new Response(String(error), { status: 500 })
    }
  }
}
