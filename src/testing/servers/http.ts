/** A request as a server of the kit receives it. */
export interface ServerRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  /** The whole body; empty where there is none. */
  readonly body: string
  /** True when the caller has presented the client's certificate. */
  readonly certificate: boolean
}

/** The parameters of a request's form. */
export const formOf = ({ headers, body }: ServerRequest): URLSearchParams =>
  new URLSearchParams(
    /^application\/x-www-form-urlencoded\b/.test(headers.get('content-type') ?? '') ? body : '',
  )

/** The JSON object of a request; empty where it holds none. */
export function jsonOf({ body }: Pick<ServerRequest, 'body'>): Readonly<Record<string, unknown>> {
  try {
    return { ...(JSON.parse(body) as object) }
  } catch {
    return {}
  }
}

/** An answer with JSON. */
export const json = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  })

/** A refusal of an OAuth endpoint, which is thrown. @see https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2 */
export class OAuthRefusal extends Error {
  readonly error: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(error: string, description: string, status = 400, headers: Record<string, string> = {}) {
    super(description)
    this.error = error
    this.status = status
    this.headers = headers
  }

  toResponse(): Response {
    return json({ error: this.error, error_description: this.message }, this.status, this.headers)
  }
}
