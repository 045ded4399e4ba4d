import { askedChecks, parametersOfChecks } from '../../protocol/asked-checks.js'
import type { AuthorizationResponse } from '../../protocol/authorization-response.js'
import { KeysUnavailableError, ValidationError } from '../../protocol/errors.js'
import { missingScope } from '../../protocol/missing-scope.js'
import { pickClaims } from '../../protocol/pick-claims.js'
import { revoke } from '../../protocol/revocation.js'
import type { Revocation } from '../../protocol/revocation-result.js'
import { parseScope } from '../../protocol/scope.js'
import { prefetchKeys } from '../../protocol/signing-keys.js'
import { checkAnswer, sendCode, type CheckedTokens } from '../../protocol/token-endpoint.js'
import type { Context } from '../context.js'
import { isConnectionRecord, type Connection, type ConnectionRecord } from '../records/connection.js'
import { isBoundTo } from '../records/binding.js'
import { connectionKey, tokensKey, transactionId } from '../records/keys.js'
import { readTokens, type StoredTokens } from '../records/tokens.js'
import type { Transaction } from '../records/transaction.js'
import type { Redeemed, Unchecked } from './channel.js'
import { clockToleranceSeconds, type DirectClient } from './direct-client.js'
import { toStoredTokens } from './direct-refresh.js'
import { explainOtherPerson, explainRefusedClient } from './explain.js'
import { storeOwn } from './own-tokens.js'

/** Redeems a code as a public client. @throws as `sendCode` and `checkAnswer`, with the sentences of a page. */
export async function redeem(
  client: DirectClient,
  transaction: Transaction,
  { code, iss }: AuthorizationResponse & { readonly code: string },
): Promise<Redeemed | Unchecked> {
  const { state, codeVerifier, nonce, redirectUri, input } = transaction
  const { context } = client
  const [endpoint, renewed] = await Promise.all([client.endpoint(), findPerson(client, input.connection)])
  const { fetch, clock } = context.platform
  if (nonce !== undefined) prefetchKeys(endpoint.server, (url, init) => fetch(url, init), clock.now)
  const subject = renewed?.subject
  const asked = askedChecks({ ...client.settings.parameters, ...parametersOfChecks(input) })
  const grant = { code, state, iss, redirectUri, codeVerifier, nonce, subject, ...asked }
  const answer = await sendCode(endpoint, grant).catch((error: unknown) =>
    explainRefusedClient(endpoint.server, error),
  )
  const receivedAt = clock.now()
  const drop = (error?: unknown): void => {
    revokeRefused(client, answer, { renewed: renewed?.id, error }).catch(() => undefined)
  }
  const check = async (): Promise<Redeemed | Unchecked> => {
    try {
      // Its times were right when it came, and it may have waited here since.
      const toleranceSeconds = clockToleranceSeconds + Math.max(0, clock.now() - receivedAt)
      const rules = { ...endpoint, clockToleranceSeconds: toleranceSeconds }
      const checked = await checkAnswer(rules, grant, answer)
      reportClock(context, state, receivedAt - (checked.claims?.iat ?? receivedAt))
      return toRedeemed(client, transaction, renewed?.id, { ...checked, receivedAt })
    } catch (error) {
      if (error instanceof KeysUnavailableError) return { unchecked: error, check, drop }
      drop(error)
      // What the metadata says of algorithms may be a day old.
      if (error instanceof ValidationError && error.parameter === 'alg') client.forgetMetadata()
      if (!renewed) throw error
      return explainOtherPerson(error)
    }
  }
  return check()
}

/** Tells of a clock that is so many seconds ahead that only the nonce shows the ID Token to be new. */
function reportClock({ emit }: Context, state: string, ahead: number): void {
  if (Math.abs(ahead) > clockToleranceSeconds)
    emit('clock_differs', transactionId(state), String(Math.round(ahead / 60)))
}

/** What a code gave, when everything in the answer is right. */
function toRedeemed(
  client: DirectClient,
  { scope }: Transaction,
  renewed: string | undefined,
  checked: CheckedTokens & { readonly receivedAt: number },
): Redeemed {
  const { context, name, provider, settings } = client
  const requested = parseScope(scope)
  const grantedScope = checked.scope === undefined ? requested : parseScope(checked.scope)
  const connection: Connection = {
    // Disconnected meanwhile, if there is none: then it is a new one.
    id: renewed ?? context.platform.random?.uuid() ?? crypto.randomUUID(),
    provider: name,
    status: 'connected',
    grantedScope,
    missingScope: missingScope(requested, grantedScope, {
      refreshToken: checked.refreshToken,
      sub: checked.claims?.sub,
    }),
    connectedAt: context.platform.clock.now(),
    ...(!checked.claims && { identity: 'unproven' }),
    details: pickClaims(checked.claims, settings.details),
  }
  const { firstIdToken } = checked
  const tokens = toStoredTokens(client, checked, { firstIdToken }, checked.receivedAt)
  return {
    connection,
    accessToken: { value: checked.accessToken, expiresAt: tokens.expiresAt },
    ...(tokens.refreshToken !== undefined && { refreshToken: tokens.refreshToken }),
    idTokenSubject: tokens.idTokenSubject,
    firstIdToken,
    binding: tokens.binding,
    drop() {
      revokeTokens(client, tokens).catch(() => undefined)
    },
    ...(provider.channel.keepsTokens
      ? { stored: { [tokensKey(connection.id)]: tokens } }
      : {
          storeOwn: (record, write) =>
            storeOwn(context, record, write, {
              isNew: renewed === undefined,
              revoke: (held) => revokeTokens(client, held),
            }),
        }),
  }
}

/** An answer that was not used. */
interface Refused {
  /** The id of the connection that it was to renew. */
  readonly renewed: string | undefined
  /** Why it was refused. */
  readonly error: unknown
}

/**
 * Revokes the tokens of an answer that was not used, unless they may be of a person who has a connection here: there are
 * servers that end every grant of a person with one of their tokens.
 */
async function revokeRefused(
  client: DirectClient,
  tokens: Pick<StoredTokens, 'refreshToken' | 'accessToken'>,
  { renewed, error }: Refused,
): Promise<unknown> {
  // Then it is certain that the connection belongs to somebody else.
  const isOther = error instanceof ValidationError && error.parameter === 'sub'
  const entries = await client.context.platform.database.entries()
  const mayBeTheirs = entries
    .filter(isConnectionRecord)
    .map(([, { connection }]) => connection)
    .some(({ id, provider }) => provider === client.name && !(isOther && id === renewed))
  return mayBeTheirs ? undefined : revokeTokens(client, tokens)
}

/** A connection, and whose it is: another person's tokens must not come under its id. */
export async function findPerson(
  { context: { platform }, provider }: DirectClient,
  id: string | undefined,
): Promise<{ readonly id: string; readonly subject: string | undefined } | undefined> {
  if (id === undefined) return undefined
  const record = (await platform.database.get(connectionKey(id))) as ConnectionRecord | undefined
  const stored = await readTokens(platform, id)
  // That of another server, client or API cannot be renewed here: what comes is a connection of its own.
  if (![record, stored].every((held) => isBoundTo(held?.binding, provider))) return undefined
  return record && { id, subject: record.idTokenSubject ?? stored?.idTokenSubject }
}

/** Revokes tokens of this client. */
export const revokeTokens = async (
  { endpoint }: DirectClient,
  { refreshToken, accessToken }: Pick<StoredTokens, 'refreshToken' | 'accessToken'>,
): Promise<Revocation> =>
  revoke(await endpoint(), [
    [refreshToken, 'refresh_token'],
    [accessToken, 'access_token'],
  ])
