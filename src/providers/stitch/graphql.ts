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
 * True for a body that holds queries alone, which change nothing, so that a refused one may be sent again; a mutation is not
 * repeated. Looked for in what the JSON says, because its text may write a letter as an escape.
 */
export function isQuery(body: unknown): boolean {
  try {
    return typeof body === 'string' && !hasMutation(JSON.parse(body))
  } catch {
    return false
  }
}

const hasMutation = (value: unknown): boolean =>
  typeof value === 'string'
    ? /\bmutation\b/.test(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(hasMutation)
