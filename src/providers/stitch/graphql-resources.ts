import type { ResourceRoute, Resources } from '../../backend/provider.js'
import { isQuery, isUnauthenticated, partsOf } from './graphql.js'

const graphql: ResourceRoute = { method: 'POST', path: '/graphql', isRepeatable: isQuery }

/**
 * The part of Stitch's API that pages can reach: GraphQL, whose responses are inspected before a page has them.
 *
 * @param authorizationEndpoint Its origin is the only one to which a response may send the person.
 */
export function createGraphqlResources(api: string, authorizationEndpoint: string): Resources {
  const { origin } = new URL(authorizationEndpoint)
  return { base: api, routes: [graphql], inspect: (body) => inspect(body, origin) }
}

/**
 * Beside a token that is no longer good, Stitch says with status 200 that the person must come back to the bank. That is the
 * app's business and not the token's: it is relayed, if its URL leads to Stitch and nowhere else.
 */
function inspect(body: unknown, origin: string): ReturnType<NonNullable<Resources['inspect']>> {
  for (const { extensions } of partsOf(body)) {
    const url = extensions?.userInteractionUrl
    if (url === undefined) continue
    if (typeof url !== 'string' || !URL.canParse(url) || new URL(url).origin !== origin) return 'unacceptable'
  }
  return isUnauthenticated(body) ? 'token_rejected' : undefined
}
