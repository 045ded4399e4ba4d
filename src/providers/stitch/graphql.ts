/** The members of a response of Stitch's API beside its data, at the top level or in each error. */
export interface GraphqlAnswer {
  readonly message?: unknown
  readonly extensions?: { readonly code?: unknown; readonly userInteractionUrl?: unknown } | null
}

/** The response and each of its errors; empty objects for anything that is none. */
export function partsOf(body: unknown): readonly GraphqlAnswer[] {
  const { errors } = Object(body) as { readonly errors?: unknown }
  const parts: readonly unknown[] = Array.isArray(errors) ? [body, ...(errors as unknown[])] : [body]
  return parts.map((part) => Object(part) as GraphqlAnswer)
}

/** True for a response that rejects the token: Stitch may do so in the body, with status 200, by code or by message. */
export const isUnauthenticated = (body: unknown): boolean =>
  partsOf(body).some(
    ({ extensions, message }) =>
      extensions?.code === 'UNAUTHENTICATED' ||
      (typeof message === 'string' && message.startsWith('UNAUTHENTICATED')),
  )

/**
 * True for a query, which changes nothing, so that a refused one may be sent again; a mutation is not repeated. The text is
 * looked at as the API reads it: in JSON any letter may be escaped.
 */
export function isQuery(body: unknown): boolean {
  try {
    const { query } = Object(JSON.parse(body as string)) as { readonly query?: unknown }
    return typeof query === 'string' && !/\bmutation\b/.test(query)
  } catch {
    return false
  }
}
