import { decodeBase64url } from '../../protocol/base64url-decode.js'
import type { ProviderGrant } from '../../backend/provider.js'
import type { JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import type { CheckedTokens } from '../../protocol/token-endpoint.js'
import { expiryOf, isConsentId, missingResources, readResources, toJson } from './consent.js'
import { fetchConsent, type ConsentApi, type TokenSource } from './consent-api.js'
import type { FdxConsent, FdxGrantedResource, FdxResource } from './facts.js'

/** Names that data providers choose. */
export interface ConsentNames {
  readonly detailType: string
  /** Member of the token response, or claim of a JWT access token, with the consent's id. */
  readonly consentIdMember: string
}

/**
 * The grant of a token response, with the consent that it stands for. A consent API that fails does not undo the grant: the
 * consent's status is then `unknown`, and the event of the connection says why.
 *
 * @param asked The resources of the consent request.
 * @param clientTokens Sources of the client's own token, where it may read consents; they are used first.
 * @throws {ValidationError} `token_response_invalid` for a response that names no consent.
 */
export async function toConsentGrant(
  api: ConsentApi,
  tokens: CheckedTokens,
  asked: readonly FdxResource[],
  { detailType, consentIdMember: member }: ConsentNames,
  clientTokens: readonly TokenSource[],
): Promise<ProviderGrant> {
  const { authorization_details: granted } = tokens.extra
  const id = tokens.extra[member] ?? claimOf(tokens.accessToken, member)
  if (!isConsentId(id)) {
    throw new ValidationError(
      'token_response_invalid',
      member,
      `Neither the token response nor a claim of its access token names the consent by ${member}. Nothing was connected; set \`consentIdMember\` if this data provider calls it something else.`,
    )
  }
  const reading = await fetchConsent(api, id, [...clientTokens, () => Promise.resolve(tokens.accessToken)])
  const known = grantedResources(granted, detailType)
  const consent: FdxConsent =
    'consent' in reading ? reading.consent : { id, status: 'unknown', resources: known ?? [] }
  const resources = 'consent' in reading ? consent.resources : known
  const expiresAt = expiryOf(consent)
  const details: JsonObject = {
    grant_id: id,
    consent: toJson(consent),
    ...(resources && { missing: missingResources(asked, resources).map(toJson) }),
  }
  return {
    tokens,
    sub: tokens.claims?.sub,
    details,
    ...('unread' in reading && { incomplete: `consent_unread:${reading.unread}` }),
    ...(expiresAt !== undefined && { consentExpiresAt: expiresAt }),
  }
}

/** A claim of an access token that is a JWT: the token endpoint gave it over mutual TLS, and the consent API is the judge of it. */
function claimOf(accessToken: string, name: string): unknown {
  const [, payload = '', signature] = accessToken.split('.')
  if (signature === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(new TextDecoder().decode(decodeBase64url(payload)))
    return (Object(claims) as Record<string, unknown>)[name]
  } catch {
    return undefined
  }
}

/** The resources that the token response names as granted, where it does. @see https://www.rfc-editor.org/rfc/rfc9396.html#section-7 */
function grantedResources(details: unknown, detailType: string): readonly FdxGrantedResource[] | undefined {
  const list = Array.isArray(details)
    ? details.map((detail) => Object(detail) as Record<string, unknown>)
    : []
  const { consentRequest } = list.find(({ type }) => type === detailType) ?? {}
  return consentRequest === undefined
    ? undefined
    : readResources((Object(consentRequest) as Record<string, unknown>)['resources'])
}
