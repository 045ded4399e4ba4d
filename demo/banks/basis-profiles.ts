import { randomUUID } from 'node:crypto'
import type { ConnectRequest } from './basis-request.js'
import { toBasisProfile } from '../../src/testing/quirks/basis.js'
import { findPlatform } from '../../src/testing/quirks/basis-institutions.js'
import type { Person } from './people.js'

/** A business's profile, as `GET /profiles/{id}` shows it. Its real members are not published. */
export interface BasisProfile {
  readonly id: string
  readonly company_name: string
  readonly native_user_id?: string
  readonly native_company_id?: string
  readonly connections: readonly ProfileConnection[]
}

interface ProfileConnection {
  readonly platform_id: string
  readonly platform_name: string
  readonly institution_name: string
  /** Who signed in there. */
  readonly signed_in_as: string
}

/** All profiles there are. */
export interface BasisProfiles {
  /** Creates the profile of a business, or adds to the one it has. */
  connect(request: ConnectRequest, person: Person): BasisProfile
  find(id: string): BasisProfile | undefined
}

/** Creates an empty memory of profiles. */
export function createProfiles(): BasisProfiles {
  const byId = new Map<string, BasisProfile>()
  const byCompany = new Map<string, string>()

  return {
    connect({ initToken: { claims, platformId } }, person) {
      const company = JSON.stringify([claims['company_ein'], claims['native_company_id']])
      const id = byCompany.get(company) ?? randomUUID()
      const { institution, platform } = findPlatform(platformId) ?? {}
      const connection = {
        platform_id: platformId,
        platform_name: platform?.display_name ?? '',
        institution_name: institution?.name ?? '',
        signed_in_as: person.name,
      }
      const others = byId.get(id)?.connections.filter((other) => other.platform_id !== platformId) ?? []
      const profile: BasisProfile = {
        ...toBasisProfile(id, claims),
        connections: [...others, connection],
      }
      byCompany.set(company, id)
      byId.set(id, profile)
      return profile
    },
    find: (id) => byId.get(id),
  }
}
