import type { JsonObject } from '../../protocol/contract.js'
import { readJsonObject, request, type Fetch } from '../../protocol/http.js'
import { toRevocation, type Revocation } from '../../protocol/revocation-result.js'
import type {
  FdxConsent,
  FdxGrantedResource,
  FdxInitiator,
  FdxResource,
  FdxRevocationReason,
} from './facts.js'

/** The consent API, called over mutual TLS with an access token of the consent or a client-credentials token. */
export interface ConsentApi {
  /** The base URL, with a slash at its end. */
  readonly base: string
  readonly fetch: Fetch
}

/** True for a value that can be a consent's id: one segment of a path. */
export function isConsentId(value: unknown): value is string {
  return typeof value === 'string' && /^(?!\.{1,2}$)[\w.~:-]{1,128}$/.test(value)
}

/** The record of a consent, or `undefined` where the API does not show it. @throws {NetworkError} when no response came. */
export async function fetchConsent(
  { base, fetch }: ConsentApi,
  id: string,
  accessToken: string,
): Promise<FdxConsent | undefined> {
  const answer = await request(fetch, `${base}consents/${encodeURIComponent(id)}`, {
    headers: { accept: 'application/json', authorization: `Bearer ${accessToken}` },
  })
  return answer.response.status === 200 ? readConsent(readJsonObject(answer), id) : undefined
}

/**
 * Ends a consent at the data provider.
 *
 * @returns The result, a yes also where that had happened before; `token` where the access token is no longer good.
 * @throws {NetworkError} when no response came.
 */
export async function revokeConsent(
  { base, fetch }: ConsentApi,
  id: string,
  accessToken: string,
  revocation: { readonly reason: FdxRevocationReason; readonly initiator: FdxInitiator },
): Promise<Revocation | 'token'> {
  const { response } = await request(fetch, `${base}consents/${encodeURIComponent(id)}/revocation`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify(revocation),
  })
  if (response.status === 401) return 'token'
  return response.status === 409 ? { revoked: true } : toRevocation(response)
}

/** Copies the members that are known, each of its type, so that nothing else in a response reaches the page. */
function readConsent(
  body: Readonly<Record<string, unknown>> | undefined,
  id: string,
): FdxConsent | undefined {
  const { status, resources } = body ?? {}
  if (body?.['id'] !== id || typeof status !== 'string') return undefined
  const parties = list(body['parties']).flatMap(({ name, type }) =>
    typeof name === 'string' ? [{ name, ...(typeof type === 'string' && { type }) }] : [],
  )
  return {
    id,
    status,
    ...pick(body, ['durationType', 'createdTime', 'expirationTime'], isText),
    ...pick(body, ['durationPeriod', 'lookbackPeriod'], isNumber),
    parties,
    resources: readResources(resources),
  }
}

/** The resources of a consent or of granted authorization details. */
export function readResources(value: unknown): readonly FdxGrantedResource[] {
  return list(value).flatMap(({ resourceType, id, dataClusters }) =>
    typeof resourceType === 'string'
      ? [
          {
            resourceType,
            ...(typeof id === 'string' && { id }),
            dataClusters: (Array.isArray(dataClusters) ? (dataClusters as unknown[]) : []).filter(
              (cluster) => typeof cluster === 'string',
            ),
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
