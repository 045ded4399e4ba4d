import { endOfConsent, type ConsentDetail, type GrantedResource } from '../../src/testing/quirks/fdx.js'

/** A consent, as the consent API tells of it. */
export interface Consent {
  readonly id: string
  readonly status: 'ACTIVE' | 'EXPIRED' | 'REVOKED'
  readonly parties: readonly { readonly name: string; readonly type: string }[]
  readonly createdTime: string
  readonly expirationTime?: string
  readonly durationType: string
  readonly durationPeriod?: number
  readonly lookbackPeriod?: number
  readonly resources: readonly GrantedResource[]
}

/** Who ended a consent, when and why. */
export interface Revocation {
  readonly initiator: string
  readonly reason: string
  readonly status: 'REVOKED'
  readonly updatedTime: string
}

/** A consent with what the bank alone knows of it. */
export interface HeldConsent {
  readonly consent: Consent
  readonly person: string
  readonly clientId: string
  readonly revocation?: Revocation
}

/** The consents of a bank. */
export interface Consents {
  /** Opens the consent of a grant, once. */
  open(grant: Grant, parties: Consent['parties']): void
  find(id: string): HeldConsent | undefined
  revoke(id: string, revocation: Pick<Revocation, 'initiator' | 'reason'>): void
}

/** What is consented to. */
export interface Grant {
  readonly id: string
  readonly person: string
  readonly clientId: string
  readonly detail: ConsentDetail<GrantedResource>
}

/** Creates an empty register. */
export function createConsents(): Consents {
  const held = new Map<string, HeldConsent>()
  const find = (id: string): HeldConsent | undefined => {
    const found = held.get(id)
    return found && { ...found, consent: { ...found.consent, status: statusOf(found) } }
  }
  return {
    open({ id, person, clientId, detail }, parties) {
      if (!held.has(id)) held.set(id, { person, clientId, consent: toConsent(id, detail, parties) })
    },
    find,
    revoke(id, revocation) {
      const found = held.get(id)
      const updatedTime = new Date().toISOString()
      if (found) held.set(id, { ...found, revocation: { ...revocation, status: 'REVOKED', updatedTime } })
    },
  }
}

function statusOf({ revocation, consent: { expirationTime } }: HeldConsent): Consent['status'] {
  if (revocation) return 'REVOKED'
  return expirationTime !== undefined && Date.parse(expirationTime) <= Date.now() ? 'EXPIRED' : 'ACTIVE'
}

function toConsent(id: string, { consentRequest }: Grant['detail'], parties: Consent['parties']): Consent {
  const now = Date.now()
  const end = endOfConsent(consentRequest, now)
  return {
    id,
    status: 'ACTIVE',
    parties,
    createdTime: new Date(now).toISOString(),
    ...(end === undefined ? {} : { expirationTime: new Date(end).toISOString() }),
    ...consentRequest,
  }
}
