import type { ProviderInstitutions } from '../../backend/institutions/provider-institutions.js'
import { readListed, requestInstitutions, textOf, type Listed } from '../kit/backend/read-institutions.js'

/** Choice among Moneyhub's institutions. */
export interface InstitutionSettings {
  readonly clientId: string
  readonly issuer: string
  /** The list's name, such as `all`. */
  readonly institutionList: string
  readonly bankIds: ReadonlySet<string> | undefined
}

/**
 * Moneyhub's public list of the banks that a client can connect to. Test banks are no choice for a person, unless the app asks for them.
 *
 * @see https://docs.moneyhubenterprise.com/docs/bank-connections
 */
export function createInstitutions(settings: InstitutionSettings): ProviderInstitutions {
  const { clientId, issuer, institutionList } = settings
  const query = new URLSearchParams({ clientId }).toString()
  const url = `${issuer}/.well-known/${institutionList}-connections?${query}`
  return {
    logoOrigins: [new URL(issuer).origin],
    async read({ fetch }) {
      const listed = readListed('Moneyhub', await requestInstitutions('Moneyhub', url, { fetch }))
      return listed
        .filter((one) => isOffered(one, settings))
        .map(({ id, name, iconUrl }) => ({ id: textOf(id), name: textOf(name), logo: textOf(iconUrl) }))
    },
  }
}

const isOffered = ({ id, type }: Listed, { bankIds, institutionList }: InstitutionSettings): boolean =>
  bankIds ? bankIds.has(textOf(id)) : type !== 'test' || institutionList === 'test'
