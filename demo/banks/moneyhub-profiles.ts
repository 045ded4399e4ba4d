import { randomUUID } from 'node:crypto'
import type { Institution } from '../../src/testing/quirks/moneyhub-institutions.js'
import type { Person } from './people.js'

/** A Moneyhub user: the profile under which connections are gathered. */
export interface Profile {
  readonly userId: string
  readonly clientUserId?: string
  readonly createdAt: string
  readonly connections: Map<string, ProfileConnection>
}

/** One institution that a profile is connected to. */
export interface ProfileConnection {
  readonly id: string
  readonly institution: Institution
  /** Who signed in at the institution. */
  readonly person: Person
  readonly connectedOn: string
  readonly lastUpdated: string
  readonly expiresAt: string
  /** Whether a short reconsent is enough; not when the partner has set the expiry. */
  readonly tppConsent: boolean
}

/** What a connection is made or renewed with. */
export interface ConnectionTerms {
  readonly institution: Institution
  readonly person: Person
  readonly expiresAt: Date
  readonly tppConsent: boolean
  /** The connection to renew. */
  readonly renews?: string | undefined
}

/** The profiles of one Moneyhub. */
export interface Profiles {
  create(clientUserId?: string): Profile
  find(userId: string): Profile | undefined
  all(): readonly Profile[]
  delete(userId: string): void
  /** @returns the connection, or undefined when profile or renewed connection are gone */
  connect(userId: string, terms: ConnectionTerms): ProfileConnection | undefined
}

/** Creates an empty memory of profiles. */
export function createProfiles(): Profiles {
  const profiles = new Map<string, Profile>()
  return {
    create(clientUserId) {
      const profile: Profile = {
        userId: randomUUID().replaceAll('-', '').slice(0, 24),
        ...(clientUserId === undefined ? {} : { clientUserId }),
        createdAt: new Date().toISOString(),
        connections: new Map(),
      }
      profiles.set(profile.userId, profile)
      return profile
    },
    find: (userId) => profiles.get(userId),
    all: () => [...profiles.values()],
    delete: (userId) => {
      profiles.delete(userId)
    },
    connect(userId, { renews, expiresAt, ...terms }) {
      const connections = profiles.get(userId)?.connections
      const old = connections?.get(renews ?? '')
      if (!connections || (renews !== undefined && !old)) return undefined
      const now = new Date().toISOString()
      const connection: ProfileConnection = {
        id: renews ?? `${terms.institution.id}:${randomUUID()}`,
        ...terms,
        connectedOn: old?.connectedOn ?? now,
        lastUpdated: now,
        expiresAt: expiresAt.toISOString(),
      }
      connections.set(connection.id, connection)
      return connection
    },
  }
}
