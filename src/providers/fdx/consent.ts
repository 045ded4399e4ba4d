import type { JsonObject } from '../../protocol/contract.js'
import type { FdxConsent, FdxGrantedResource, FdxParty, FdxResource } from './facts.js'

/** True for a value that can be a consent's id: one segment of a path. */
export function isConsentId(value: unknown): value is string {
  return typeof value === 'string' && /^(?!\.{1,2}$)[\w.~:-]{1,128}$/.test(value)
}

/** Copies the members that are known, each of its type, so that nothing else in a response reaches the page. */
export function readConsent(
  body: Readonly<Record<string, unknown>> | undefined,
  id: string,
): FdxConsent | undefined {
  const { status, resources } = body ?? {}
  if (body?.['id'] !== id || typeof status !== 'string') return undefined
  return {
    id,
    status,
    ...pick(body, ['durationType', 'createdTime', 'expirationTime'], isText),
    ...pick(body, ['durationPeriod', 'lookbackPeriod'], isNumber),
    parties: list(body['parties']).flatMap(readParty),
    resources: readResources(resources),
  }
}

function readParty(party: Readonly<Record<string, unknown>>): readonly FdxParty[] {
  const { name } = party
  if (!isText(name)) return []
  const words = ['type', 'registry', 'registeredEntityName', 'registeredEntityId'] as const
  return [{ name, ...pick(party, words, isText), ...pick(party, ['homeUri', 'logoUri'], isWebAddress) }]
}

/** An address that a page may link to. */
const isWebAddress = (value: unknown): value is string =>
  isText(value) && URL.canParse(value) && new URL(value).protocol === 'https:'

/** The resources of a consent or of granted authorization details. */
export function readResources(value: unknown): readonly FdxGrantedResource[] {
  return list(value).flatMap(({ resourceType, id, resourceId = id, dataClusters }) =>
    isText(resourceType)
      ? [
          {
            resourceType,
            ...(isText(resourceId) && { id: resourceId }),
            dataClusters: (Array.isArray(dataClusters) ? (dataClusters as unknown[]) : []).filter(isText),
          },
        ]
      : [],
  )
}

/** Resources that were asked for and are in none of the granted ones. */
export function missingResources(
  asked: readonly FdxResource[],
  granted: readonly FdxResource[],
): readonly FdxResource[] {
  return asked.flatMap(({ resourceType, dataClusters }) => {
    const have = granted.filter((resource) => resource.resourceType === resourceType)
    const missing = dataClusters.filter((cluster) => !have.some((one) => one.dataClusters.includes(cluster)))
    return missing.length > 0 ? [{ resourceType, dataClusters: missing }] : []
  })
}

/** Epoch seconds at which a consent ends by itself. */
export function expiryOf(consent: FdxConsent | undefined): number | undefined {
  const time = Date.parse(consent?.expirationTime ?? '')
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000)
}

/** Typed JSON is JSON. */
export const toJson = (value: object): JsonObject => value as unknown as JsonObject

const list = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.map((entry) => Object(entry) as Record<string, unknown>) : []

const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => typeof value === 'number'

function pick<const Name extends string, T>(
  body: Readonly<Record<string, unknown>>,
  names: readonly Name[],
  is: (value: unknown) => value is T,
): { readonly [N in Name]?: T } {
  const picked: { [N in Name]?: T } = {}
  for (const name of names) {
    const value = body[name]
    if (is(value)) picked[name] = value
  }
  return picked
}
