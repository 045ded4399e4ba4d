import type { BankRequest } from './http.js'
import { moneyhubProblems } from '../../src/testing/quirks/moneyhub.js'
import type { MoneyhubAnswer } from './moneyhub-api.js'
import type { Profile, ProfileConnection, Profiles } from './moneyhub-profiles.js'

/** What the users API says of connections. */
interface ConnectionsState {
  /** The error of each. */
  readonly error: string | undefined
  /** Whether the person has ended all of them at Moneyhub. */
  readonly areDeleted: boolean
}

/** Answers the users API, below `/users`. */
export function answerUsers(
  profiles: Profiles,
  clientId: string,
  request: BankRequest,
  { error, areDeleted }: ConnectionsState,
): MoneyhubAnswer {
  const [, , userId, part, connectionId] = request.path.split('/').map(decodeURIComponent)
  if (userId === undefined) return answerAll(profiles, clientId, request)
  const profile = profiles.find(userId)
  if (!profile) return moneyhubProblems.user
  if (request.method === 'DELETE') return remove(profiles, profile, connectionId)
  if (part === undefined) return { status: 200, body: toDocument(profile, clientId) }
  if (areDeleted) return { status: 200, body: { data: [], links: {}, meta: {} } }
  const connections = [...profile.connections.values()].map((connection) => toConnection(connection, error))
  return { status: 200, body: { data: connections, links: {}, meta: {} } }
}

function answerAll(
  profiles: Profiles,
  clientId: string,
  { method, parameters, headers }: BankRequest,
): MoneyhubAnswer {
  if (method === 'GET') {
    return {
      status: 200,
      body: { data: profiles.all().map((profile) => toDocument(profile, clientId)), meta: {} },
    }
  }
  if (!headers['content-type']?.startsWith('application/json')) return moneyhubProblems.json
  return { status: 201, body: toDocument(profiles.create(parameters['clientUserId']), clientId) }
}

function remove(profiles: Profiles, profile: Profile, connectionId: string | undefined): MoneyhubAnswer {
  if (connectionId === undefined) profiles.delete(profile.userId)
  else if (!profile.connections.delete(connectionId)) {
    return moneyhubProblems.connection
  }
  return { status: 204 }
}

function toDocument({ userId, clientUserId, createdAt, connections }: Profile, clientId: string) {
  return {
    userId,
    clientUserId,
    clientId,
    createdAt,
    updatedAt: createdAt,
    lastAccessed: createdAt,
    managedBy: 'client',
    userType: 'personal',
    scopes: '',
    connectionIds: [...connections.keys()],
  }
}

function toConnection(
  { id, institution, expiresAt, ...connection }: ProfileConnection,
  error: string | undefined,
) {
  const { connectedOn, lastUpdated, tppConsent } = connection
  const { name, type } = institution
  const state = error === undefined ? { status: 'ok' } : { status: 'error', error }
  return { id, name, type, connectedOn, lastUpdated, expiresAt, accountIds: [], ...state, tppConsent }
}
