import { CountersignError } from '../../protocol/errors.js'
import type { AccessToken } from '../channel/channel.js'
import { keepsTokens, tokensKey } from '../records/tokens.js'
import { connectionKey, type Connection, type ConnectionRecord } from '../records/connection.js'
import { providerOf, type Context } from '../context.js'
import { resourceUrl } from '../channel/resource-url.js'

/**
 * A usable access token of a connection: the one in memory while it is good, else a new one, asked for once however
 * many callers wait.
 *
 * @param rejected A token that the API refused although it looked good.
 * @throws {CountersignError} `reauthorization_required` when the provider accepts neither access nor refresh token any
 * more; the connection's status says so, too, in every tab. `sign_in_required` when the app's user must sign in.
 */
export async function getAccessToken(
  context: Context,
  connection: Connection,
  rejected?: string,
): Promise<AccessToken> {
  const { id } = connection
  const held = context.tokens.get(id)
  if (held?.pending) {
    const awaited = await held.pending
    // Who began that wait did not know yet that this token is refused.
    return awaited.value === rejected ? getAccessToken(context, connection, rejected) : awaited
  }
  const token = held?.accessToken
  const outdated = held?.connectedAt !== connection.connectedAt && isShared(context, connection)
  if (token && token.value !== rejected && !outdated && !expiresSoon(context, token)) return token
  const pending = renew(context, connection, rejected)
  context.tokens.set(id, { accessToken: undefined, ...held, pending })
  return pending
}

/** Whether this page can get the tokens with which another tab has renewed a connection. */
const isShared = (context: Context, { provider: name }: Connection): boolean => {
  const provider = providerOf(context, name)
  return provider.mode !== 'browser' || keepsTokens(provider)
}

/** The margin covers the way of the request that will carry the token, not more: a refresh may cost the person something. */
const expiresSoon = ({ platform }: Context, token: AccessToken): boolean =>
  token.expiresAt !== undefined && token.expiresAt - platform.clock.now() < 5

async function renew(
  context: Context,
  connection: Connection,
  rejected: string | undefined,
): Promise<AccessToken> {
  const { id, provider } = connection
  try {
    await checkOwner(context, connection)
  } catch (error) {
    context.tokens.delete(id)
    throw error
  }
  try {
    const channel = await context.channel(provider)
    const accessToken = await channel.accessToken(connection, rejected)
    const held = context.tokens.get(id)
    // Otherwise it was disconnected meanwhile, or the app's user is another one now.
    if (held) context.tokens.set(id, { ...held, accessToken, connectedAt: connection.connectedAt })
    context.emit('access_token_received', id, provider)
    return accessToken
  } catch (error) {
    await noteFailure(context, connection, error)
    throw error
  } finally {
    const { pending, ...held } = context.tokens.get(id) ?? {}
    if (pending) context.tokens.set(id, { accessToken: undefined, ...held })
  }
}

/** What a component got hold of before the app's user changed is of no use to the next one. */
async function checkOwner({ platform, subject }: Context, { id }: Connection): Promise<void> {
  const record = await platform.database.get(connectionKey(id)).catch(() => undefined)
  const { subject: owner = subject() } = Object(record) as Partial<ConnectionRecord>
  if (owner !== subject()) {
    throw new CountersignError(
      'sign_in_required',
      'This connection belongs to another user of this app, who must sign in to use it.',
      { recovery: 'sign_in' },
    )
  }
}

/** What a failure says about the connection itself is remembered, here and in the other tabs. */
async function noteFailure(context: Context, connection: Connection, error: unknown): Promise<void> {
  const code = error instanceof CountersignError ? error.code : undefined
  if (code === 'sign_in_required') context.connections.signInRequired()
  else if (code === 'unknown_connection') await store(context, connection.id, () => undefined)
  else if (code === 'reauthorization_required') {
    const { connectedAt = connection.connectedAt } = context.tokens.get(connection.id) ?? {}
    context.tokens.delete(connection.id)
    // Unless it was renewed since these tokens came, perhaps in another tab, or while they were being refused.
    await store(context, connection.id, (record) =>
      record.connection.connectedAt === connectedAt
        ? { ...record, connection: { ...record.connection, status: 'reauthorization_required' } }
        : record,
    )
  }
}

async function store(
  context: Context,
  id: string,
  next: (record: ConnectionRecord) => ConnectionRecord | undefined,
): Promise<void> {
  const { database, tabs } = context.platform
  const key = connectionKey(id)
  await database.change([key], ([record]) => {
    const kept = record && next(record as ConnectionRecord)
    return [kept ? { [key]: kept } : { [key]: undefined, [tokensKey(id)]: undefined }, undefined]
  })
  tabs.announce(id)
  await context.connections.load()
}

/** Forgets the connection first and always, then asks the provider to revoke the grant. */
export async function disconnect(context: Context, connection: Connection): Promise<{ revoked: boolean }> {
  await checkOwner(context, connection)
  const channel = await context.channel(connection.provider).catch(() => undefined)
  // The channel may need the tokens of this page to revoke them: it takes them out of the memory itself.
  const revocation = channel?.disconnect(connection).catch(() => false) ?? false
  context.tokens.delete(connection.id)
  await store(context, connection.id, () => undefined)
  context.emit('disconnected', connection.id, connection.provider)
  return { revoked: await revocation }
}

/**
 * A request to the provider's API. The access token goes along and nowhere else; when the API refuses it, it is
 * replaced once and the request sent once more, if it may be repeated.
 *
 * @throws {CountersignError} `resource_not_allowed` for a path that leaves the provider's API.
 */
export async function fetchResource(
  context: Context,
  connection: Connection,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const channel = await context.channel(connection.provider)
  const provider = providerOf(context, connection.provider)
  if (channel.fetch) return channel.fetch(connection, path, init)

  if (provider.api === undefined)
    throw new TypeError('This provider has no API base: give its preset the `api` option.')
  const url = resourceUrl(provider.api, path)
  const send = async (token: AccessToken): Promise<Response> => {
    if (channel.send) return channel.send(url, init, token)
    const headers = new Headers(init.headers)
    headers.set('authorization', `Bearer ${token.value}`)
    return context.platform.fetch(url, {
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...init,
      // Whatever the application says: a redirect must not take the token elsewhere.
      redirect: 'error',
      headers,
    })
  }
  const token = await getAccessToken(context, connection)
  const response = await send(token)
  const rejected = response.status === 401 || ((await provider.isTokenRejected?.(response.clone())) ?? false)
  if (!rejected || !(provider.isRepeatable ?? isRepeatable)(init)) return response
  return send(await getAccessToken(context, connection, token.value))
}

/** @see https://www.rfc-editor.org/rfc/rfc9110.html#section-9.2.2 */
function isRepeatable({ method = 'GET', body }: RequestInit): boolean {
  return /^(?:GET|HEAD|OPTIONS|PUT|DELETE)$/i.test(method) && !(body instanceof ReadableStream)
}
