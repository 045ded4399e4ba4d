import { createHash, randomBytes } from 'node:crypto'
import { Refusal } from './refusal.js'

const now = () => Math.floor(Date.now() / 1000)
const words = (scope) => scope.split(' ').filter(Boolean)
const sha256 = (value) => createHash('sha256').update(value).digest('base64url')

/** Connections with their tokens, in this process's memory: put them into your database. */
export function createConnections(providers) {
  const all = new Map()

  function find(subject, id) {
    const connection = all.get(id)
    if (connection?.subject !== subject) throw new Refusal('unknown_connection')
    return connection
  }

  async function refresh(connection) {
    const { refreshToken } = connection.tokens
    if (!refreshToken) throw over(connection)
    try {
      const tokens = await providers[connection.provider].refresh(refreshToken)
      if (tokens.person !== undefined && tokens.person !== connection.person) throw over(connection)
      // Kept before anybody has the new access token: the old refresh token is dead by now.
      connection.tokens = { ...tokens, refreshToken: tokens.refreshToken ?? refreshToken }
    } catch (error) {
      // An answer that is lost may have replaced the refresh token: to send the old one again would raise an alarm.
      throw error.error === 'invalid_grant' || error.isUnanswered ? over(connection) : error
    } finally {
      connection.refreshing = undefined
    }
  }

  return {
    find,

    list: (subject) => [...all.values()].filter((connection) => connection.subject === subject),

    /** Keeps what a code gave; a renewed connection keeps its id and its person. */
    async keep({ subject, provider, requested, named, renews }, { person, ...tokens }) {
      const known = all.get(renews)?.person
      if (known !== undefined && person === undefined) throw new Refusal('person_unknown')
      if (known !== undefined && person !== known) {
        await providers[provider].revoke(tokens.refreshToken).catch(() => undefined)
        throw new Refusal('other_person')
      }
      const told = tokens.scope === undefined ? words(requested) : words(tokens.scope)
      // What the authorization response names takes away, and adds nothing.
      const granted = named === undefined ? told : told.filter((one) => words(named).includes(one))
      const connection = {
        id: all.has(renews) ? renews : randomBytes(16).toString('base64url'),
        subject,
        provider,
        status: 'connected',
        scope: granted.join(' '),
        missing: words(requested)
          .filter((one) => !granted.includes(one))
          .join(' '),
        createdAt: now(),
        person,
        tokens,
      }
      all.set(connection.id, connection)
      return connection.id
    },

    /** A token that is good: the one there is, or else one refresh for all who ask meanwhile. */
    async usableToken(connection, rejected) {
      if (connection.status !== 'connected') throw over(connection)
      const { accessToken, expiresAt } = connection.tokens
      const isGood = expiresAt - now() > 10 && sha256(accessToken) !== rejected
      if (!isGood) {
        connection.refreshing ??= refresh(connection)
        await connection.refreshing
      }
      return connection.tokens
    },

    /** Forgets it, whatever the provider says; gives the answer to the page. */
    async forget(connection) {
      all.delete(connection.id)
      try {
        return await providers[connection.provider].revoke(connection.tokens.refreshToken)
      } catch (error) {
        return { revoked: false, reason: error.error === 'provider_unavailable' ? 'unreachable' : 'refused' }
      }
    },
  }
}

function over(connection) {
  connection.status = 'reauthorization_required'
  return new Refusal('reauthorization_required', { connection: connection.id })
}

/** What a page may know of a connection. */
export const toDocument = ({ id, provider, status, scope, missing, createdAt }) => ({
  id,
  provider,
  status,
  scope,
  missing_scope: missing,
  created_at: createdAt,
  details: {},
})

export const toAccessToken = ({ accessToken, expiresAt }) => ({
  access_token: accessToken,
  token_type: 'Bearer',
  expires_in: Math.max(0, Math.floor(expiresAt - now())),
})
