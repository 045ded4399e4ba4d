/**
 * Paths of FDX data providers behind Cloudentity. Their addresses are their own; these paths are below the
 * issuer, which is `https://…/{tenant}/{workspace}`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8705.html
 * @see https://www.rfc-editor.org/rfc/rfc9126.html
 * @see https://www.rfc-editor.org/rfc/rfc9396.html
 */
export const paths = {
  authorization: '/oauth2/authorize',
} as const

/** The type of authorization details in which a consent is asked for. */
export const consentDetailType = 'fdx_v1.0'

/** The `error` of a person's refusal, beside `access_denied`: what Cloudentity's consent page gives to say no. */
export const deniedErrors = ['rejected'] as const

/** The durations of FDX. */
export const durationTypes: readonly FdxDurationType[] = ['ONE_TIME', 'PERSISTENT', 'TIME_BOUND']

/** Duration of a consent: one fetch, until it is ended, or `durationPeriod` days. */
export type FdxDurationType = 'ONE_TIME' | 'PERSISTENT' | 'TIME_BOUND'

/** Party that ends a consent. */
export type FdxInitiator =
  'DATA_ACCESS_PLATFORM' | 'DATA_PROVIDER' | 'DATA_RECIPIENT' | 'INDIVIDUAL' | 'MERCHANT' | 'VENDOR'

/** Reason for ending a consent. */
export type FdxRevocationReason = 'BUSINESS_RULE' | 'USER_ACTION'

/** The kinds of data known here; the full list is the data provider's. */
export type FdxDataCluster =
  | 'ACCOUNT_BASIC'
  | 'ACCOUNT_DETAILED'
  | 'ACCOUNT_PAYMENTS'
  | 'BILLS'
  | 'CUSTOMER_CONTACT'
  | 'CUSTOMER_PERSONAL'
  | 'IMAGES'
  | 'INVESTMENTS'
  | 'STATEMENTS'
  | 'TRANSACTIONS'
  | (string & {})

/** Kinds of data of one kind of resource. */
export interface FdxResource {
  readonly resourceType: 'ACCOUNT' | 'CUSTOMER' | (string & {})
  readonly dataClusters: readonly FdxDataCluster[]
}

/** A resource that a person has granted: of accounts, one entry each. */
export interface FdxGrantedResource extends FdxResource {
  /** The account's id; FDX 6 calls it `resourceId`. */
  readonly id?: string
}

/** A party between which data is shared. */
export interface FdxParty {
  readonly name: string
  /** Such as `DATA_RECIPIENT`, `DATA_ACCESS_PLATFORM` or `DATA_PROVIDER`. */
  readonly type?: string
  /** Its website: an https URL. */
  readonly homeUri?: string
  /** Its logo: an https URL. */
  readonly logoUri?: string
  /** The registry that knows it, such as `FDX` or `GLEIF`. */
  readonly registry?: string
  readonly registeredEntityName?: string
  readonly registeredEntityId?: string
}

/** The record of a consent, as the data provider's consent API tells of it. */
export interface FdxConsent {
  readonly id: string
  /** `unknown`: the data provider did not show the consent; it may be read later by `fetch('consents/…')`. */
  readonly status: 'ACTIVE' | 'EXPIRED' | 'REVOKED' | 'unknown' | (string & {})
  readonly resources: readonly FdxGrantedResource[]
  /** The parties between which data is shared. */
  readonly parties?: readonly FdxParty[]
  readonly durationType?: FdxDurationType | (string & {})
  /** Days. */
  readonly durationPeriod?: number
  /** Days before the request that the data reaches back. */
  readonly lookbackPeriod?: number
  /** ISO 8601. */
  readonly createdTime?: string
  /** ISO 8601. */
  readonly expirationTime?: string
}

/** Header of a request to the API that says who has caused it: `USER`, a person who is there, or `BATCH`. */
export const actorTypeHeader = 'fdx-api-actor-type'
