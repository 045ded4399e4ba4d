import type { ResourceRoute, Resources } from '../../backend/provider.js'
import { checkPresentsCertificate } from '../kit/backend/client-certificate.js'
import { refuseKeyOptions } from '../kit/backend/client-authentication.js'
import { readUrl, refuseInMediated } from '../kit/backend/read-options.js'
import type { DeliverySettings, MoneyhubDelivery } from './authorization-request.js'
import type { MoneyhubClientAuthentication } from './client.js'
import { authorizationPath, dataScope, endpoints } from './facts.js'
import { signingAlgorithms } from '../kit/backend/signing-key.js'
import { checkOptions, isScope, type OptionForms } from '../../protocol/options.js'

/** Options of the backend's `moneyhub`. */
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

/** Options of both use cases. One object may make a provider of each, so what one of them does not need may stay, unless it would limit something. */
interface CommonOptions {
  /** The client id that Moneyhub's admin portal shows; as in the page. */
  readonly clientId: string
  /** The redirect URI registered at Moneyhub, or several; the page's is one of them. */
  readonly redirectUri: string | readonly string[]
  /** As the discovery document writes it. @defaultValue `https://identity.moneyhub.co.uk/oidc` */
  readonly issuer?: string
  /** Authorization endpoint; as in the page. @defaultValue `/auth` below the issuer */
  readonly authorizationEndpoint?: string
  /** Origin of the users API. @defaultValue the issuer's origin */
  readonly identityService?: string
  /** Base URL of the Data API; in `mediated` mode the page's counts. @defaultValue `https://api.moneyhub.co.uk/v3/` */
  readonly api?: string
  /** Scope of the data to read: space-delimited. @defaultValue `accounts:read transactions:read:all` */
  readonly dataScope?: string
  /** Requests that pages may make to the Data API, in `bff` mode. @defaultValue `GET /accounts` and `GET /transactions` */
  readonly routes?: readonly ResourceRoute[]
  /** Delivery of the authorization request. @defaultValue `par` */
  readonly delivery?: MoneyhubDelivery
  /** Puts `client_id` beside `request_uri` in the URL. @defaultValue false */
  readonly sendsClientId?: boolean
  /**
   * Institutions, or groups of them such as `api`, that people may be sent to; the list of institutions holds these institutions
   * alone. With groups alone there is no list: people choose at Moneyhub. @defaultValue all
   */
  readonly bankIds?: readonly string[]
  /**
   * Which of Moneyhub's public lists people choose from, such as `all`, `api` or `test`: `/.well-known/{list}-connections` below the
   * issuer. @defaultValue `all`, without its test banks
   */
  readonly institutionList?: string
  /**
   * Permissions that pages may name in a consent. A page that could name any could have people agree to more than the app
   * shows. @defaultValue none: Moneyhub's usual ones, which pages do not change
   */
  readonly permissions?: readonly string[]
  /** Seconds since when the person may have authenticated. @defaultValue 86400 */
  readonly maxAgeSeconds?: number
  /** Name of the app's user at Moneyhub, where one is made: not for one-time connections. @defaultValue the backend's `subjectKey` of it, so that Moneyhub cannot tell who it is */
  readonly clientUserId?: (subject: string) => string
  /**
   * Lets Moneyhub send people back before it has read their accounts for the first time (`mh:sync`). The data comes later; the
   * connection's `details.status` is `never` until then. @defaultValue false
   */
  readonly enableAsync?: boolean
  /**
   * Asks the users API for the state of ongoing connections, when a page reads its connections and every 15 minutes at most: the
   * details `status`, `error` and `needs`. Needs the scope `user:read`. @defaultValue true
   */
  readonly readsStatus?: boolean
  /** Origins, beside the issuer's, on which the endpoints of the discovery document may lie. @defaultValue none */
  readonly origins?: readonly string[]
  /** Asks the users API for the end of an ongoing consent, where the page did not choose it. @defaultValue true */
  readonly readsExpiry?: boolean
}

/** Claims of the app's user that `session` may give to Moneyhub. */
export interface MoneyhubClaims {
  /** The Moneyhub user of this app user, for an app that keeps its own list. @defaultValue made once and remembered */
  readonly moneyhubUserId?: string
}

const dataRoutes: readonly ResourceRoute[] = [
  { method: 'GET', path: '/accounts', query: ['limit', 'offset'] },
  {
    method: 'GET',
    path: '/transactions',
    query: ['limit', 'offset', 'startDate', 'endDate', 'accountId', 'categoryId', 'text'],
  },
]

/** Checked options, with their defaults. */
export interface Settings extends Omit<DeliverySettings, 'signer'> {
  /** The one-time use case. */
  readonly once: boolean
  readonly mode: 'bff' | 'mediated'
  readonly issuer: string
  /** An origin without a path. */
  readonly identityService: string
  readonly resources: Resources
  readonly scope: string
  readonly bankIds: ReadonlySet<string> | undefined
  /** Whether there are banks that a person could choose from a list. */
  readonly hasList: boolean
  readonly institutionList: string
  readonly permissions: ReadonlySet<string>
  readonly readsExpiry: boolean
  readonly readsStatus: boolean
  readonly maxAgeSeconds: number
}

const forms = {
  clientId: 'string!',
  redirectUri: 'stringOrStrings!',
  issuer: 'issuer',
  authorizationEndpoint: 'url',
  identityService: 'url',
  api: 'url',
  dataScope: 'string',
  routes: 'object',
  delivery: 'string',
  sendsClientId: 'boolean',
  bankIds: 'strings',
  institutionList: 'string',
  permissions: 'strings',
  maxAgeSeconds: 'number',
  clientUserId: 'function',
  readsExpiry: 'boolean',
  readsStatus: 'boolean',
  enableAsync: 'boolean',
  origins: 'strings',
  authentication: ['tls_client_auth', 'self_signed_tls_client_auth'],
  fetch: 'function',
  useCase: ['ongoing', 'one-time'],
  mode: ['mediated', 'bff'],
  privateKey: 'any',
  keyId: 'string',
  algorithm: signingAlgorithms,
  clientSecret: 'any',
  assertionAudience: 'string',
} satisfies OptionForms<MoneyhubBackendOptions<'bff' | 'mediated'>>

/** @throws {TypeError} for what is no name of a list. */
function readListName(name = 'all'): string {
  if (/^[\w-]{1,64}$/.test(name)) return name
  throw new TypeError(
    '`institutionList` names one of Moneyhub\'s lists, such as "all" or "test": correct it.',
  )
}

/** The name of a group, such as `api`; ids of banks are longer, and have digits. */
const groupForm = /^[a-z][a-z_-]{0,30}$/i

/** @throws {TypeError} where a list is named of which no bank may be chosen. */
function readHasList({
  bankIds,
  institutionList,
}: Pick<CommonOptions, 'bankIds' | 'institutionList'>): boolean {
  const hasList = !bankIds || bankIds.some((id) => !groupForm.test(id))
  if (hasList || institutionList === undefined) return hasList
  throw new TypeError(
    '`bankIds` holds groups alone, so people choose at Moneyhub and no list is read: leave out `institutionList`, or give the ids of banks.',
  )
}

/** @throws {TypeError} where the client has nothing to authenticate with, or something that would never be used. */
function checkAuthentication(
  options: MoneyhubBackendOptions<'bff' | 'mediated'>,
  delivery: MoneyhubDelivery,
): void {
  const { authentication, fetch } = options as { readonly authentication?: string; readonly fetch?: unknown }
  const { clientSecret, privateKey } = options
  if (authentication !== undefined)
    checkPresentsCertificate(`moneyhub with \`authentication: '${authentication}'\``, fetch)
  if (authentication === undefined && options.privateKey === undefined && !options.clientSecret)
    throw new TypeError(
      'moneyhub needs `privateKey` and `keyId`, or `clientSecret`, or `authentication` and `fetch` with a client certificate.',
    )
  if (authentication !== undefined && clientSecret !== undefined)
    throw new TypeError(
      `moneyhub: with \`authentication: '${authentication}'\` the certificate is the authentication: leave \`clientSecret\` out.`,
    )
  refuseKeyOptions('moneyhub', options)
  if ((authentication ?? clientSecret) !== undefined && options.assertionAudience !== undefined)
    throw new TypeError(
      'moneyhub: the client authenticates without assertions, so `assertionAudience` has no effect: leave it out.',
    )
  if (privateKey !== undefined && clientSecret !== undefined && delivery === 'par')
    throw new TypeError(
      "moneyhub: beside `clientSecret` a `privateKey` only signs requests, and `delivery: 'par'` signs none: leave one of the two out, or choose another `delivery`.",
    )
}

/** Checks the options, and fills defaults in. @throws {TypeError} naming what is missing or wrong. */
export function readOptions(options: MoneyhubBackendOptions<'bff' | 'mediated'>): Settings {
  checkOptions('moneyhub', options, forms)
  const { issuer = endpoints.issuer, api = endpoints.api, delivery = 'par' } = options
  const { authorizationEndpoint = issuer + authorizationPath, mode = 'bff', bankIds } = options
  const identityService = options.identityService ?? readUrl('issuer', issuer).origin
  for (const [name, url] of Object.entries({ authorizationEndpoint, api, identityService }))
    readUrl(name, url)
  const once = options.useCase === 'one-time'
  if (mode !== 'bff' && !once)
    throw new TypeError(
      'An ongoing connection has no token for a page: use mode "bff", or `useCase: \'one-time\'`.',
    )
  refuseInMediated('Moneyhub', { ...options, mode }, ['routes'])
  const scope = options.dataScope ?? dataScope
  if (!isScope(scope))
    throw new TypeError(
      '`dataScope` names what is read, with spaces between, such as "accounts:read": correct it.',
    )
  checkAuthentication(options, delivery)
  if (options.privateKey === undefined && delivery !== 'par')
    throw new TypeError(`\`delivery: '${delivery}'\` signs requests: give \`privateKey\` and \`keyId\`.`)
  if (delivery === 'request-object' && options.sendsClientId !== undefined)
    throw new TypeError(
      "moneyhub: with `delivery: 'request-object'` there is no `request_uri`, and `sendsClientId` has no effect: leave it out.",
    )
  return {
    once,
    mode,
    issuer,
    identityService: identityService.replace(/\/$/, ''),
    authorizationEndpoint,
    requestEndpoint: `${identityService.replace(/\/$/, '')}/request`,
    resources: { base: api, routes: options.routes ?? dataRoutes },
    scope,
    delivery,
    sendsClientId: options.sendsClientId ?? false,
    bankIds: bankIds && new Set(bankIds),
    hasList: readHasList(options),
    institutionList: readListName(options.institutionList),
    permissions: new Set(options.permissions),
    readsExpiry: options.readsExpiry ?? true,
    readsStatus: options.readsStatus ?? true,
    maxAgeSeconds: options.maxAgeSeconds ?? 86_400,
  }
}
