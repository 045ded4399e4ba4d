import { encodeBase64url } from '../../protocol/base64url.js'
import { Refusal } from '../http/refusal.js'

/** Test of a value from outside for the form of a connection's id: 128 random bits, as base64url. */
export function isConnectionId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w-]{22}$/.test(value)
}

/** Makes the id of a new connection. @param isTaken Whether there is a connection of that id. */
export type CreateId = (isTaken: (id: string) => Promise<boolean>) => Promise<string>

/** Random ids, of which no two are alike. */
export const createRandomId: CreateId = () =>
  Promise.resolve(encodeBase64url(crypto.getRandomValues(new Uint8Array(16))))

/** Calls for one id before there is none. */
const maximumTries = 10

/** Ids given last that are remembered, since their connections may not be stored yet. */
const maximumRemembered = 1000

/**
 * Ids of the app's own. One that cannot be used, or that another connection has, is passed over.
 *
 * @throws {TypeError} where the first one does not have the form of an id.
 */
export function createOwnIds(createId: () => unknown): CreateId {
  let first = createId()
  if (!isConnectionId(first))
    throw new TypeError(
      '`createId` must make ids of 22 characters: letters, digits, "-" and "_", such as 16 random bytes as base64url.',
    )
  const given = new Set<string>()

  return async (isTaken) => {
    for (let tries = 0; tries < maximumTries; tries += 1) {
      const id = first ?? createId()
      first = undefined
      if (!isConnectionId(id) || given.has(id)) continue
      if (given.size >= maximumRemembered) given.clear()
      given.add(id)
      if (!(await isTaken(id))) return id
    }
    throw new Refusal('backend_unavailable', { reason: 'create_id' })
  }
}
