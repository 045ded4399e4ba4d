/** The type of authorization details that FDX data providers understand. */
export const fdxDetailType = 'fdx_v1.0'

/** What an app wants to see of one kind of resource. */
export interface RequestedResource {
  readonly resourceType: string
  readonly dataClusters: readonly string[]
}

/** What a person agreed to: of accounts, one entry for each. */
export interface GrantedResource extends RequestedResource {
  readonly id?: string
}

/** A consent, as an app asks for it. Periods are in days. */
export interface ConsentRequest<R extends RequestedResource = RequestedResource> {
  readonly durationType: string
  readonly durationPeriod?: number
  readonly lookbackPeriod?: number
  readonly resources: readonly R[]
}

/** The authorization details of a consent. @see https://www.rfc-editor.org/rfc/rfc9396.html#section-2 */
export interface ConsentDetail<R extends RequestedResource = RequestedResource> {
  readonly type: string
  readonly consentRequest: ConsentRequest<R>
}

const durationTypes = ['ONE_TIME', 'PERSISTENT', 'TIME_BOUND']

/** The resource types and their data clusters, with words for people. */
export const fdxClusters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ACCOUNT: {
    ACCOUNT_BASIC: 'name, type and masked number',
    ACCOUNT_DETAILED: 'balances and terms',
    TRANSACTIONS: 'transactions',
    STATEMENTS: 'statements',
  },
  CUSTOMER: {
    CUSTOMER_CONTACT: 'name and how to reach you',
    CUSTOMER_PERSONAL: 'date of birth and tax number',
  },
}

/** What is wrong with a consent request: the description of an `invalid_authorization_details`. */
export function objectToDetail(detail: unknown): string | undefined {
  const { consentRequest } = Object(detail) as Partial<ConsentDetail>
  if (typeof consentRequest !== 'object' || (consentRequest as object | null) === null)
    return 'consentRequest is missing'
  const { durationType, durationPeriod, lookbackPeriod, resources } =
    consentRequest as Partial<ConsentRequest>
  if (!durationTypes.includes(durationType ?? ''))
    return `durationType is none of ${durationTypes.join(', ')}`
  if (durationType === 'TIME_BOUND' && durationPeriod === undefined)
    return 'durationPeriod is required with TIME_BOUND'
  if (durationPeriod !== undefined && !isDays(durationPeriod)) return 'durationPeriod is no number of days'
  if (lookbackPeriod !== undefined && !isDays(lookbackPeriod)) return 'lookbackPeriod is no number of days'
  if (!Array.isArray(resources) || resources.length === 0) return 'resources is missing'
  return (resources as unknown[]).map(objectToResource).find((problem) => problem !== undefined)
}

function objectToResource(resource: unknown): string | undefined {
  const { resourceType = '', dataClusters } = Object(resource) as Partial<RequestedResource>
  const known = Object.hasOwn(fdxClusters, resourceType) ? fdxClusters[resourceType] : undefined
  if (!known) return 'a resourceType is unknown'
  if (!Array.isArray(dataClusters) || dataClusters.length === 0) return 'a resource has no dataClusters'
  return (dataClusters as unknown[]).every((cluster) => Object.hasOwn(known, String(cluster)))
    ? undefined
    : 'a data cluster is unknown'
}

const isDays = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0

/** When a consent that begins now ends, in milliseconds; `undefined` for one that lasts until it is ended. */
export function endOfConsent(
  { durationType, durationPeriod }: ConsentRequest,
  now: number,
): number | undefined {
  const days = { ONE_TIME: 1, TIME_BOUND: durationPeriod }[durationType]
  return days === undefined ? undefined : now + days * 24 * 3600 * 1000
}

const actors: readonly unknown[] = ['USER', 'BATCH']
const initiators = [
  'DATA_ACCESS_PLATFORM',
  'DATA_PROVIDER',
  'DATA_RECIPIENT',
  'INDIVIDUAL',
  'MERCHANT',
  'VENDOR',
]
const reasons = ['BUSINESS_RULE', 'USER_ACTION']

/** The revocation that a request asks for; `undefined` where it names no initiator or reason that there is. */
export function readRevocation(
  body: unknown,
): { readonly initiator: string; readonly reason: string } | undefined {
  const { initiator, reason } = Object(body) as Record<string, unknown>
  const known = initiators.find((name) => name === initiator)
  const why = reasons.find((name) => name === reason)
  return known !== undefined && why !== undefined ? { initiator: known, reason: why } : undefined
}

/** Why a request to the FDX API is refused: a status, and FDX's error. */
export interface FdxRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
}

const refusal = (status: number, message: string, code = String(status)): FdxRefusal => ({
  status,
  code,
  message,
})

/** The refusals of the FDX API. */
export const fdxRefusals: Readonly<
  Record<
    'token' | 'forbidden' | 'interactionId' | 'actorType' | 'consent' | 'path' | 'revocation' | 'revoked',
    FdxRefusal
  >
> = {
  token: refusal(401, 'The access token is missing, expired or bound to another certificate.'),
  forbidden: refusal(403, 'The consent or the scope does not cover this.'),
  interactionId: refusal(400, 'The header x-fapi-interaction-id is missing or no UUID.'),
  actorType: refusal(400, 'The header FDX-API-Actor-Type is missing, or neither USER nor BATCH.'),
  consent: refusal(404, 'Consent not found.', '602'),
  path: refusal(404, 'There is nothing here.'),
  revocation: refusal(400, 'reason or initiator is missing or unknown.'),
  revoked: refusal(409, 'The consent has been revoked already.'),
}

/** A refusal as the FDX API writes it. */
export const toFdxAnswer = ({
  status,
  code,
  message,
}: FdxRefusal): { readonly status: number; readonly body: object } => ({
  status,
  body: { error: { code, message } },
})

/** What is wrong with the headers of a request to the FDX API. */
export function objectToHeaders(interactionId: unknown, actorType: unknown): FdxRefusal | undefined {
  if (!isUuid(interactionId)) return fdxRefusals.interactionId
  return actors.includes(actorType) ? undefined : fdxRefusals.actorType
}

/** Whether a value is a UUID as RFC 4122 had it. */
export const isUuid = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^[\da-f]{8}-[\da-f]{4}-[1-5][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i.test(value)
