import type { ProviderInstitutions } from '../../backend/institutions/provider-institutions.js'
import type { InstitutionDocument } from '../../protocol/contract.js'
import { TokenEndpointError } from '../../protocol/errors.js'
import type { Answer } from '../../protocol/http.js'
import type { ClientCredentialsTokens } from '../kit/backend/client-credentials-tokens.js'
import { readListed, requestInstitutions, textOf, type Listed } from '../kit/backend/read-institutions.js'
import { institutionsScope, isUuid } from './facts.js'

/**
 * Basis' institutions: an entry for each of their platforms, since that is what a person signs in at.
 *
 * @param api Base URL of the API.
 * @param isAllowed True for a platform that people may be sent to.
 * @see https://docs.usebasis.co/reference/list_institutions_institutions_get
 */
export function createInstitutions(
  api: string,
  clientCredentialsToken: ClientCredentialsTokens,
  isAllowed: (platformId: string) => boolean,
): ProviderInstitutions {
  const url = `${api.replace(/\/$/, '')}/institutions`
  return {
    async read(context) {
      const scope = institutionsScope
      const ask = (token: string): Promise<Answer> =>
        requestInstitutions('Basis', url, { fetch: context.fetch, token })
      const token = await clientCredentialsToken({ scope }, context)
      const answer = await ask(token).catch(async (error: unknown) => {
        if (!(error instanceof TokenEndpointError && error.status === 401)) throw error
        const newer = await clientCredentialsToken({ scope, rejected: token }, context)
        if (newer === token) throw error
        return ask(newer)
      })
      return readListed('Basis', answer, 'institutions').flatMap((institution) =>
        toPlatforms(institution).filter(({ id }) => isUuid(id) && isAllowed(id)),
      )
    },
  }
}

function toPlatforms({ name, platforms }: Listed): readonly InstitutionDocument[] {
  const group = textOf(name)
  return (Array.isArray(platforms) ? platforms : []).map((platform: unknown) => {
    const { id, display_name: shown } = Object(platform) as Listed
    return { id: textOf(id), name: textOf(shown) || group, group }
  })
}
