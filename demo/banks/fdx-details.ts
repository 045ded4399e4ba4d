import { errors } from './oidc-provider.js'
import { parseJson } from './http.js'

/** The type of authorization details that FDX data providers understand. */
export const detailType = 'fdx_v1.0'

/** What an app wants to see of one kind of resource. */
export interface RequestedResource {
  readonly resourceType: string
  readonly dataClusters: readonly string[]
}

/** What a person agreed to: of accounts, one entry for each. */
export interface GrantedResource extends RequestedResource {
  readonly id?: string
}

/** A consent, as an app asks for it. */
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

/** The resource types and their data clusters that this bank has, with words for people. */
export const clusters: Readonly<Record<string, Readonly<Record<string, string>>>> = {
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

/** @throws an `invalid_authorization_details` error naming what is wrong with a detail. */
export function checkDetail(detail: unknown): void {
  const { consentRequest } = detail as Partial<ConsentDetail>
  if (!isObject(consentRequest)) refuse('consentRequest is missing')
  const { durationType, durationPeriod, lookbackPeriod, resources } =
    consentRequest as Partial<ConsentRequest>
  if (!durationTypes.includes(durationType ?? ''))
    refuse(`durationType is none of ${durationTypes.join(', ')}`)
  if (durationType === 'TIME_BOUND' && durationPeriod === undefined)
    refuse('durationPeriod is required with TIME_BOUND')
  if (durationPeriod !== undefined && !isDays(durationPeriod)) refuse('durationPeriod is no number of days')
  if (lookbackPeriod !== undefined && !isDays(lookbackPeriod)) refuse('lookbackPeriod is no number of days')
  if (!Array.isArray(resources) || resources.length === 0) refuse('resources is missing')
  ;(resources as unknown[]).forEach(checkResource)
}

function checkResource(resource: unknown): void {
  const { resourceType = '', dataClusters } = Object(resource) as Partial<RequestedResource>
  const known = Object.hasOwn(clusters, resourceType) ? clusters[resourceType] : undefined
  if (!known) refuse('a resourceType is unknown')
  if (!Array.isArray(dataClusters) || dataClusters.length === 0) refuse('a resource has no dataClusters')
  const strange = (dataClusters as unknown[]).some((cluster) => !Object.hasOwn(known, String(cluster)))
  if (strange) refuse('a data cluster is unknown')
}

function refuse(description: string): never {
  throw new errors.InvalidAuthorizationDetails(description)
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const isDays = (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0

/** The consent that an authorization request asks for, where it asks for one. */
export function readConsentRequest(parameter: unknown): ConsentRequest | undefined {
  const details = typeof parameter === 'string' ? (parseJson(parameter) as ConsentDetail[]) : []
  return details.find(({ type }) => type === detailType)?.consentRequest
}
