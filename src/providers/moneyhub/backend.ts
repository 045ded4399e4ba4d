import type {
  BackendProvider,
  ProviderContext,
  ProviderGrant,
  Redemption,
  Session,
} from '../../backend/provider.js'
import { checkResponseIssuer } from '../../protocol/authorization-response.js'
import type { JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import { createClientCredentialsTokens } from '../kit/backend/client-credentials-tokens.js'
import { readRedirectUris } from '../kit/backend/read-options.js'
import { deliver, toParameters } from './authorization-request.js'
import { createMoneyhubClient, type MoneyhubClient } from './client.js'
import { transactionSeconds, usualTokenSeconds } from './facts.js'
import { inputForms, invalid, isConnectionId, readChoice, type MoneyhubChoice } from './input.js'
import { readOptions, type MoneyhubBackendOptions, type MoneyhubClaims, type Settings } from './options.js'
import { createInstitutions } from './institutions.js'
import { createWebhooks } from './webhooks.js'
import {
  checkUserId,
  createMoneyhubUsers,
  type MoneyhubConnectionState,
  type MoneyhubUsers,
} from './users.js'

export type { MoneyhubDelivery } from './authorization-request.js'
export type { MoneyhubClientAuthentication, MoneyhubKey } from './client.js'
export type { MoneyhubBackendOptions, MoneyhubClaims } from './options.js'

/** The consent of a one-time connection lasts a day where nobody says otherwise. */
const oneTimeSeconds = 24 * 3600

/**
 * Moneyhub, the backend's side: makes the Moneyhub user, pushes or signs the request, redeems the code for the right
 * user, and reads data with client-credentials tokens (ongoing) or the connection's access token (one-time).
 *
 * @throws {TypeError} when an option is missing or wrong. A key that cannot be used rejects the backend's `ready`.
 * @example
 * ```ts
 * import { moneyhub } from 'countersign/backend'
 *
 * declare const privateKey: CryptoKey
 *
 * const provider = moneyhub({
 *   clientId: '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4',
 *   redirectUri: 'https://app.example/callback/moneyhub',
 *   privateKey,
 *   keyId: 'countersign-1',
 * })
 * ```
 * @see https://docs.moneyhubenterprise.com/docs/connect-an-account
 */
export function moneyhub<const M extends 'bff' | 'mediated' = 'bff'>(
  options: MoneyhubBackendOptions<M>,
): BackendProvider<MoneyhubClaims> & { readonly mode: M } {
  const settings = readOptions(options)
  const { once, scope, maxAgeSeconds } = settings
  const client = createMoneyhubClient(options.clientId, settings.issuer, options)
  const clientCredentialsToken = createClientCredentialsTokens(client.endpoint, usualTokenSeconds)
  const users = createMoneyhubUsers(settings.identityService, client.server, clientCredentialsToken)

  return {
    label: 'Moneyhub',
    mode: settings.mode as M,
    server: client.server,
    redirectUris: readRedirectUris(options.redirectUri),
    scope: once ? `openid ${scope}` : 'openid',
    transactionSeconds,
    ready: client.ready,
    input: inputForms,
    ...('fetch' in options && { fetch: options.fetch }),

    async authorize(setup, context) {
      const choice = readChoice(setup.input, context.now())
      checkTarget(choice, setup.connection?.details, settings)
      const userId = once ? undefined : await findUser(users, setup.session, options, context)
      if (setup.connection === undefined) await checkOwner(users, choice, userId, context)
      const { enableAsync = false, clientId } = options
      const request = { clientId, choice, userId, maxAgeSeconds, enableAsync }
      const signer = await client.signer
      const start = await deliver(toParameters(request, setup), await client.endpoint(context), {
        ...settings,
        signer,
      })
      return { ...start, data: toTransactionData(choice, userId) }
    },

    redeem: (redemption, context) => redeem(client, users, settings, redemption, context),

    async revoke({ data, details, accessToken }, context) {
      const gone = await users.disconnect(userOf(data), details['mh:con_id'] as string, context)
      if (accessToken !== undefined) await client.revoke({ accessToken }, context)
      return gone
    },

    ...(settings.hasList && {
      institutions: createInstitutions({ clientId: options.clientId, ...settings }),
    }),
    webhooks: createWebhooks(options.clientId, settings.identityService, client),
    toEnding: ({ data, details: { 'mh:con_id': id = null } }) => ({ data, details: { 'mh:con_id': id } }),

    ...(!once && settings.readsStatus && { readDetails: readDetailsBy(users) }),

    ...(settings.mode === 'bff' && { resources: settings.resources }),
    ...(!once && {
      resourceToken: ({ data }, route, rejected, context) =>
        clientCredentialsToken({ scope: route.scope ?? scope, sub: userOf(data), rejected }, context),
    }),
  } satisfies BackendProvider<MoneyhubClaims>
}

/** Reads what Moneyhub says of a connection now: it has ended where Moneyhub no longer has it, and where its consent is over. */
const readDetailsBy =
  (users: MoneyhubUsers): NonNullable<BackendProvider['readDetails']> =>
  async ({ data, details }, context) => {
    const state = await users.find(userOf(data), details['mh:con_id'] as string, context)
    if (state === 'gone' || (state?.expiresAt ?? Infinity) <= context.now()) return 'ended'
    return state && toDetails(state)
  }

/** The Moneyhub user that a transaction or a connection belongs to. */
const userOf = (data: JsonObject | undefined): string => checkUserId(data?.['user_id'])

/** @throws {ValidationError} for a response of another issuer, user or connection, and as `sendCode` and `checkAnswer`. */
async function redeem(
  client: MoneyhubClient,
  users: MoneyhubUsers,
  settings: Settings,
  redemption: Redemption<MoneyhubClaims>,
  context: ProviderContext,
): Promise<ProviderGrant> {
  const { once, issuer, maxAgeSeconds } = settings
  const { iss, data = {} } = redemption
  // Required even where the metadata does not promise it.
  checkResponseIssuer(iss, issuer, true)
  const userId = once ? undefined : userOf(data)
  const tokens = await client.redeem(redemption, context, {
    subject: userId,
    maxAgeSeconds,
    // Without it a connection that ends in another browser than it began in cannot be completed.
    ...(userId !== undefined && { parameters: { sub: userId } }),
  })
  const { sub, 'mh:con_id': id }: Partial<Record<string, unknown>> = tokens.claims ?? {}
  const connectionId = checkConnectionId(id, data['connection_id'])
  const state = await findState(users, settings, { userId, connectionId, data }, context)
  const ends = expiryOf(settings, data, state, context)
  return {
    // The tokens of an ongoing connection read no data: they are not kept.
    ...(once ? { tokens } : { sub: userId }),
    details: { 'mh:con_id': connectionId, ...(state && toDetails(state)) },
    data: { user_id: checkUserId(sub) },
    ...(ends !== undefined && { consentExpiresAt: ends }),
  }
}

/** The Moneyhub user of the app's user: named by the session, or made once and remembered. */
async function findUser(
  users: MoneyhubUsers,
  { subject, claims }: Session<MoneyhubClaims>,
  { clientUserId }: Pick<MoneyhubBackendOptions, 'clientUserId'>,
  context: ProviderContext,
): Promise<string> {
  if (claims.moneyhubUserId !== undefined) return checkUserId(claims.moneyhubUserId)
  const name = await (clientUserId?.(subject) ?? context.subjectKey(subject))
  return users.ensure(subject, name, context)
}

/**
 * Checks the choice against the use case, the allowed institutions and permissions, and the connection that is to stay.
 *
 * @throws {ValidationError} `input_invalid` naming the member.
 */
function checkTarget(choice: MoneyhubChoice, renewed: JsonObject | undefined, settings: Settings): void {
  const { once, bankIds } = settings
  checkPermissions(choice, settings)
  if (choice.mode === 'connect') {
    if (bankIds?.has(choice.bankId) === false)
      throw invalid('bank_id', 'The backend does not allow this bank_id.')
    if (renewed && !once)
      throw invalid('mode', 'An ongoing connection is renewed with the mode reauth, reconsent or refresh.')
    return
  }
  if (once) throw invalid('mode', 'A one-time connection is not renewed: connect again.')
  if (renewed && renewed['mh:con_id'] !== choice.connectionId)
    throw invalid('connection_id', 'The connection_id is not that of the connection to be renewed.')
}

/** @throws {ValidationError} `input_invalid` for a permission that the backend does not let pages name. */
function checkPermissions({ consent }: MoneyhubChoice, { permissions }: Settings): void {
  const named = (consent?.['permissions'] ?? []) as readonly string[]
  if (named.every((name) => permissions.has(name))) return
  throw invalid(
    'permissions',
    'The consent names a permission that the backend lets no page name. List it in `permissions` of moneyhub there, or leave it out.',
  )
}

/**
 * A page that renews without naming a connection of the app's may name any of Moneyhub's: it must be one of this user's, by
 * Moneyhub's own list.
 *
 * @throws {ValidationError} `input_invalid` for any other.
 */
async function checkOwner(
  users: MoneyhubUsers,
  choice: MoneyhubChoice,
  userId: string | undefined,
  context: ProviderContext,
): Promise<void> {
  if (choice.mode === 'connect' || userId === undefined) return
  if (await users.owns(userId, choice.connectionId, context)) return
  throw invalid('connection_id', 'The connection_id is not that of a connection of this user.')
}

function toTransactionData(choice: MoneyhubChoice, userId: string | undefined): JsonObject {
  const until = choice.consent?.['expirationDateTime']
  return {
    ...(userId !== undefined && { user_id: userId }),
    ...(choice.mode !== 'connect' && { connection_id: choice.connectionId }),
    ...(typeof until === 'string' && { consent_expires_at: Math.floor(Date.parse(until) / 1000) }),
  }
}

/** @throws {ValidationError} `id_token_invalid` when it is missing, or another than the one that was to be renewed. */
function checkConnectionId(value: unknown, renewed: unknown): string {
  if (isConnectionId(value) && (renewed === undefined || renewed === value)) return value
  throw new ValidationError(
    'id_token_invalid',
    'mh:con_id',
    "The ID Token's mh:con_id is missing, or of another connection than the one to renew. Start again with authorize().",
  )
}

interface RedeemedConnection {
  readonly userId: string | undefined
  readonly connectionId: string
  /** Of the transaction. */
  readonly data: JsonObject
}

/** The connection as Moneyhub has it; `undefined` where it cannot be read, and for a one-time connection, which is read once. */
async function findState(
  users: MoneyhubUsers,
  { once, readsExpiry, readsStatus }: Settings,
  { userId, connectionId, data }: RedeemedConnection,
  context: ProviderContext,
): Promise<MoneyhubConnectionState | undefined> {
  const asksExpiry = readsExpiry && data['consent_expires_at'] === undefined
  if (once || userId === undefined || !(asksExpiry || readsStatus)) return undefined
  // The connection is there, whatever becomes of this: an app may lack user:read.
  const state = await users.find(userId, connectionId, context).catch(() => undefined)
  // It has just been made: a list without it is one of before.
  if (state === 'gone') return undefined
  return state && (readsStatus ? state : { ...state, status: undefined })
}

/** End of the consent in epoch seconds: as the page chose, as Moneyhub says, or a day for a one-time connection. */
function expiryOf(
  { once, readsExpiry }: Settings,
  { consent_expires_at: chosen }: JsonObject,
  state: MoneyhubConnectionState | undefined,
  { now }: ProviderContext,
): number | undefined {
  if (typeof chosen === 'number') return chosen
  if (once) return now() + oneTimeSeconds
  return readsExpiry ? state?.expiresAt : undefined
}

/** What the page learns of a connection's state, and what brings it back. */
function toDetails({ status, error }: MoneyhubConnectionState): JsonObject {
  if (status === undefined) return {}
  const failed = status === 'error'
  return { status, error: failed ? (error ?? null) : null, needs: failed ? needsAfter(error) : null }
}

/** Wrong or additional credentials are the person's to give; all else may be over by another attempt. */
const needsAfter = (error: string | undefined): 'reauth' | 'refresh' =>
  error === 'credentials_error' || error === 'mfa_required' ? 'reauth' : 'refresh'
