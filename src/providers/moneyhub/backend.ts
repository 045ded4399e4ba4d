import type {
  BackendProvider,
  ProviderContext,
  ProviderGrant,
  ResourceRoute,
} from '../../backend/provider.js'
import { checkResponseIssuer } from '../../protocol/authorization-response.js'
import type { JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import { sha256 } from '../../protocol/pkce.js'
import { revoke } from '../../protocol/revocation.js'
import { parseScope } from '../../protocol/scope.js'
import { redeemCode } from '../../protocol/token-endpoint.js'
import { readRedirectUris, readUrl } from '../kit/backend/read-options.js'
import { deliver, toParameters, type MoneyhubDelivery } from './authorization-request.js'
import { createMoneyhubClient, type MoneyhubClientAuthentication } from './client.js'
import { authorizationPath, dataScope, endpoints, transactionSeconds } from './facts.js'
import { inputForms, invalid, isConnectionId, readChoice, type MoneyhubChoice } from './input.js'
import { createClientCredentialsTokens } from './client-credentials-tokens.js'
import { checkUserId, createMoneyhubUsers, type MoneyhubUsers } from './users.js'

export type { MoneyhubDelivery } from './authorization-request.js'
export type { MoneyhubClientAuthentication, MoneyhubKey } from './client.js'

/** What the backend's {@link moneyhub} takes. */
export type MoneyhubBackendOptions<M extends 'bff' | 'mediated' = 'bff'> = CommonOptions &
  MoneyhubClientAuthentication &
  UseCase<M>

type UseCase<M extends 'bff' | 'mediated'> =
  | {
      /** Many institutions under one profile and access that lasts. */
      readonly useCase?: 'ongoing'
      readonly mode?: M & 'bff'
    }
  | {
      /** One institution and access once. */
      readonly useCase: 'one-time'
      /** `bff`: no token reaches the page. `mediated`: the access token does. As in the page. @defaultValue `bff` */
      readonly mode?: M
    }

interface CommonOptions {
  /** The client id that Moneyhub's admin portal shows; as in the page. */
  readonly clientId: string
  /** The redirect URI registered at Moneyhub, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** As the discovery document writes it. @defaultValue `https://identity.moneyhub.co.uk/oidc` */
  readonly issuer?: string
  /** Where people are sent; as in the page. @defaultValue `/auth` below the issuer */
  readonly authorizationEndpoint?: string
  /** Where the users API is. @defaultValue the issuer's origin */
  readonly identityService?: string
  /** Base URL of the Data API. @defaultValue `https://api.moneyhub.co.uk/v3/` */
  readonly api?: string
  /** What data is read: space-delimited. @defaultValue `accounts:read transactions:read:all` */
  readonly dataScope?: string
  /** What pages may ask the Data API for, in `bff` mode. @defaultValue `GET /accounts` and `GET /transactions` */
  readonly routes?: readonly ResourceRoute[]
  /** How the authorization request reaches Moneyhub. @defaultValue `par` */
  readonly delivery?: MoneyhubDelivery
  /** Whether `client_id` stands beside `request_uri` in the URL. @defaultValue false */
  readonly sendsClientId?: boolean
  /** Institutions, or groups of them, that people may be sent to. @defaultValue all */
  readonly bankIds?: readonly string[]
  /** Seconds since when the person may have authenticated. @defaultValue 86400 */
  readonly maxAgeSeconds?: number
  /** How Moneyhub is told the app's user. @defaultValue a hash of the subject, so that it learns nothing */
  readonly clientUserId?: (subject: string) => string
  /** Whether to ask the users API when a consent ends, where the page did not choose that. @defaultValue true */
  readonly readsExpiry?: boolean
}

/** What Moneyhub may be told about the app's user by `session`. */
export interface MoneyhubClaims {
  /** The Moneyhub user of this app user, for an app that keeps its own list. @defaultValue made once and remembered */
  readonly moneyhubUserId?: string
}

/** The consent of a one-time connection lasts a day where nobody says otherwise. */
const oneTimeSeconds = 24 * 3600

const dataRoutes: readonly ResourceRoute[] = [
  { method: 'GET', path: '/accounts', query: ['limit', 'offset'] },
  {
    method: 'GET',
    path: '/transactions',
    query: ['limit', 'offset', 'startDate', 'endDate', 'accountId', 'categoryId', 'text'],
  },
]

/**
 * Moneyhub, the backend's side: makes the Moneyhub user, pushes or signs the request, redeems the code for the right
 * user, and reads data with tokens of its own (ongoing) or the connection's (one-time).
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
  const { issuer, once, scope, mode } = settings
  const client = createMoneyhubClient(options.clientId, issuer, options)
  const ownTokens = createClientCredentialsTokens(client.endpoint)
  const users = createMoneyhubUsers(settings.identityService, ownTokens)

  return {
    label: 'Moneyhub',
    mode: mode as M,
    redirectUris: settings.redirectUris,
    scope: once ? `openid ${scope}` : 'openid',
    transactionSeconds,
    ready: client.ready,
    input: inputForms,

    async authorize(setup, context) {
      const choice = readChoice(setup.input, context.now())
      checkTarget(choice, setup.connection?.details, settings)
      const { subject, claims } = setup.session
      const userId = once ? undefined : await findUser(subject, claims, context)
      const { clientId, maxAgeSeconds = 86_400 } = options
      const parameters = toParameters({ clientId, choice, userId, maxAgeSeconds }, setup)
      const signer = await client.ready
      const start = await deliver(parameters, await client.endpoint(context), { ...settings, signer })
      return { ...start, data: toTransactionData(choice, userId) }
    },

    async redeem(redemption, context) {
      const { code, codeVerifier, state, iss, nonce, redirectUri, data = {} } = redemption
      checkResponseIssuer(iss, issuer, true)
      const userId = once ? undefined : userOf(data)
      const tokens = await redeemCode(await client.endpoint(context), {
        code,
        codeVerifier,
        state,
        iss,
        nonce,
        redirectUri,
        subject: userId,
        maxAgeSeconds: options.maxAgeSeconds ?? 86_400,
        // Without it a connection that ends in another browser than it began in cannot be completed.
        ...(userId !== undefined && { parameters: { sub: userId } }),
      })
      const { sub, 'mh:con_id': id }: Partial<Record<string, unknown>> = tokens.claims ?? {}
      const connectionId = checkConnectionId(id, data['connection_id'])
      const ends = await findExpiry(users, settings, context, { userId, connectionId, data })
      const grant: ProviderGrant = {
        details: { 'mh:con_id': connectionId },
        data: { user_id: checkUserId(sub) },
        ...(ends !== undefined && { consentExpiresAt: ends }),
      }
      // An ongoing connection's own tokens read no data: they are not kept.
      return once ? { ...grant, tokens } : { ...grant, sub: userId }
    },

    async revoke({ data, details, accessToken }, context) {
      const gone = await users.disconnect(userOf(data), details['mh:con_id'] as string, context)
      if (accessToken !== undefined)
        await revoke(await client.endpoint(context), [[accessToken, 'access_token']])
      return gone
    },

    ...(mode === 'bff' && { resources: { base: settings.api, routes: options.routes ?? dataRoutes } }),
    ...(!once && {
      resourceToken: ({ data }, route, rejected, context) =>
        ownTokens({ scope: route.scope ?? scope, sub: userOf(data), rejected }, context),
    }),
  } satisfies BackendProvider<MoneyhubClaims>

  async function findUser(
    subject: string,
    { moneyhubUserId }: MoneyhubClaims,
    context: ProviderContext,
  ): Promise<string> {
    if (moneyhubUserId !== undefined) return checkUserId(moneyhubUserId)
    const name = await (options.clientUserId?.(subject) ?? sha256(subject))
    return users.ensure(subject, name, context)
  }
}

/** The Moneyhub user that a transaction or a connection belongs to. */
const userOf = (data: JsonObject | undefined): string => checkUserId(data?.['user_id'])

interface Settings {
  readonly once: boolean
  readonly mode: 'bff' | 'mediated'
  readonly redirectUris: readonly string[]
  readonly issuer: string
  readonly identityService: string
  readonly authorizationEndpoint: string
  readonly requestEndpoint: string
  readonly api: string
  readonly scope: string
  readonly delivery: MoneyhubDelivery
  readonly sendsClientId: boolean
  readonly bankIds: ReadonlySet<string> | undefined
  readonly readsExpiry: boolean
}

function readOptions(options: MoneyhubBackendOptions<'bff' | 'mediated'>): Settings {
  const { issuer = endpoints.issuer, api = endpoints.api, redirectUri, delivery = 'par' } = options
  const { authorizationEndpoint = issuer + authorizationPath, mode = 'bff', bankIds } = options
  if (!options.clientId) throw new TypeError('moneyhub needs the `clientId` that the client has at Moneyhub.')
  const identityService = options.identityService ?? readUrl('issuer', issuer).origin
  for (const [name, url] of Object.entries({ authorizationEndpoint, api, identityService }))
    readUrl(name, url)
  const once = options.useCase === 'one-time'
  if (mode !== 'bff' && !once)
    throw new TypeError(
      'An ongoing connection has no token for a page: use mode "bff", or `useCase: \'one-time\'`.',
    )
  const scope = options.dataScope ?? dataScope
  if (parseScope(scope).length === 0)
    throw new TypeError('`dataScope` is empty: name what is read, such as "accounts:read".')
  if (options.privateKey === undefined && !options.clientSecret)
    throw new TypeError('moneyhub needs `privateKey` and `keyId`, or `clientSecret`.')
  if (options.privateKey === undefined && delivery !== 'par')
    throw new TypeError(`\`delivery: '${delivery}'\` signs requests: give \`privateKey\` and \`keyId\`.`)
  return {
    once,
    mode,
    redirectUris: readRedirectUris(redirectUri),
    issuer,
    identityService: identityService.replace(/\/$/, ''),
    authorizationEndpoint,
    requestEndpoint: `${identityService.replace(/\/$/, '')}/request`,
    api,
    scope,
    delivery,
    sendsClientId: options.sendsClientId ?? false,
    bankIds: bankIds && new Set(bankIds),
    readsExpiry: options.readsExpiry ?? true,
  }
}

/** What is connected or renewed fits the use case, the allowed institutions and the connection that is to stay. */
function checkTarget(
  choice: MoneyhubChoice,
  renewed: JsonObject | undefined,
  { once, bankIds }: Settings,
): void {
  if (choice.mode === 'connect') {
    if (bankIds?.has(choice.bankId) === false)
      throw invalid('bank_id', 'The bank_id is none that the backend allows.')
    if (renewed && !once)
      throw invalid('mode', 'An ongoing connection is renewed with the mode reauth, reconsent or refresh.')
    return
  }
  if (once) throw invalid('mode', 'A one-time connection is not renewed: connect again.')
  if (renewed && renewed['mh:con_id'] !== choice.connectionId)
    throw invalid('connection_id', 'The connection_id is not that of the connection to be renewed.')
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

interface Ending {
  readonly userId: string | undefined
  readonly connectionId: string
  readonly data: JsonObject
}

/** When the consent ends: as the page chose, as Moneyhub says, or a day for a one-time connection. */
async function findExpiry(
  users: MoneyhubUsers,
  { once, readsExpiry }: Settings,
  context: ProviderContext,
  { userId, connectionId, data }: Ending,
): Promise<number | undefined> {
  const chosen = data['consent_expires_at']
  if (typeof chosen === 'number') return chosen
  if (once || userId === undefined) return context.now() + oneTimeSeconds
  // The connection is there, whatever becomes of this: an app may lack user:read.
  return readsExpiry ? users.expiryOf(userId, connectionId, context).catch(() => undefined) : undefined
}
