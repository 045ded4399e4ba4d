/** What an answer of Stitch's API says beside its data, at the top level or in each error. */
export interface GraphqlAnswer {
  readonly message?: unknown
  readonly extensions?: { readonly code?: unknown; readonly userInteractionUrl?: unknown } | null
}

/** The answer and its errors, whatever else it is. */
export function partsOf(body: unknown): readonly GraphqlAnswer[] {
  const { errors } = Object(body) as { readonly errors?: unknown }
  const parts: readonly unknown[] = Array.isArray(errors) ? [body, ...(errors as unknown[])] : [body]
  return parts.map((part) => Object(part) as GraphqlAnswer)
}

/** Stitch may say in the body, with status 200, that a token is no longer good: by code or by message. */
export const isUnauthenticated = (body: unknown): boolean =>
  partsOf(body).some(
    ({ extensions, message }) =>
      extensions?.code === 'UNAUTHENTICATED' ||
      (typeof message === 'string' && message.startsWith('UNAUTHENTICATED')),
  )

/** A query changes nothing, so a refused one may be sent again; a mutation is not repeated. */
export const isQuery = (body: unknown): boolean => typeof body === 'string' && !/\bmutation\b/.test(body)
