import type { ResourceRoute } from '../../backend/index.js'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const paths = ['/{a}', '/{a}/{b}', '/{a}/{b}/{c}', '/{a}/{b}/{c}/{d}']

/** Any query. Which parameters a backend lets through is its own affair, and not what a component test is about. */
const anyQuery = { includes: () => true } as unknown as readonly string[]

/** Routes of a `bff` backend to anything below the API: which of it pages may ask for is the real backend's affair. */
export const anyRoute: readonly ResourceRoute[] = methods.flatMap((method) =>
  paths.map((path) => ({ method, path, query: anyQuery })),
)

/** A base URL with a slash at its end. */
export const withSlash = (url: string): string => (url.endsWith('/') ? url : `${url}/`)
