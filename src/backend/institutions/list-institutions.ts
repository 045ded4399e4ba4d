import type { InstitutionsAnswer } from '../../protocol/contract.js'
import { providerOf, type Context } from '../context.js'
import { countRequest } from '../http/rate-limit.js'
import { Refusal } from '../http/refusal.js'
import { providerContext } from '../provider-context.js'
import { findPage, readCursor } from './search.js'

/** Characters of a query that a person types. */
const longestQuery = 100

/** Characters of a cursor. */
const longestCursor = 2048

/**
 * One page of the institutions that a provider reaches, of those that a query finds.
 *
 * @throws {Refusal} `unknown_provider`; `not_found` where the provider has no list; `invalid_request` for other parameters.
 * @throws what the provider throws where there is no list of the last day.
 */
export async function listInstitutions(
  context: Context,
  subject: string,
  name: string,
  request: Request,
): Promise<InstitutionsAnswer> {
  const provider = providerOf(context, name)
  const { institutions: source } = provider
  if (!source) throw new Refusal('not_found', { reason: 'institutions' })
  const { query, after } = readParameters(new URL(request.url).searchParams)
  const list = await context.institutions.get(name, {
    count: () => countRequest(context, { by: 'provider', key: name, action: 'institutions', subject }),
    read: () => source.read(providerContext(context, provider)),
    logoOrigins: source.logoOrigins,
  })
  const { institutions, nextCursor } = findPage(list, query, after)
  return { institutions, ...(nextCursor !== undefined && { next_cursor: nextCursor }) }
}

function readParameters(parameters: URLSearchParams): {
  readonly query: string
  readonly after: string | undefined
} {
  const names = [...parameters.keys()]
  const query = parameters.get('query') ?? ''
  const cursor = parameters.get('cursor')
  const after = cursor === null || cursor.length > longestCursor ? undefined : readCursor(cursor)
  const areKnown = names.every((name) => name === 'query' || name === 'cursor')
  if (!areKnown || new Set(names).size < names.length || query.length > longestQuery)
    throw malformed(
      'The query parameters are query, of at most 100 characters, and cursor, each at most once.',
    )
  if (cursor !== null && after === undefined)
    throw malformed('This backend did not issue that cursor. Leave it out to start from the first page.')
  return { query, after }
}

const malformed = (description: string): Refusal =>
  new Refusal('invalid_request', { description, reason: 'parameters' })
