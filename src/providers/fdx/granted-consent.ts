import type { ProviderGrant } from '../../backend/provider.js'
import type { JsonObject } from '../../protocol/contract.js'
import { ValidationError } from '../../protocol/errors.js'
import type { CheckedTokens } from '../../protocol/token-endpoint.js'
import {
  expiryOf,
  fetchConsent,
  isConsentId,
  missingResources,
  readResources,
  toJson,
  type ConsentApi,
} from './consent.js'
import type { FdxResource } from './facts.js'

/**
 * The grant of a token response, with the consent that it stands for. A consent API that fails does not undo the grant.
 *
 * @param asked The resources of the consent request.
 * @throws {ValidationError} `token_response_invalid` for a response without a `grant_id`.
 */
export async function toConsentGrant(
  api: ConsentApi,
  tokens: CheckedTokens,
  asked: readonly FdxResource[],
  detailType: string,
): Promise<ProviderGrant> {
  const { grant_id: id, authorization_details: granted } = tokens.extra
  if (!isConsentId(id)) {
    throw new ValidationError(
      'token_response_invalid',
      'grant_id',
      'The token response names no consent by a grant_id. Nothing was connected; start again with authorize().',
    )
  }
  const consent = await fetchConsent(api, id, tokens.accessToken).catch(() => undefined)
  const resources = consent?.resources ?? grantedResources(granted, detailType)
  const expiresAt = expiryOf(consent)
  const details: JsonObject = {
    grant_id: id,
    ...(consent && { consent: toJson(consent) }),
    ...(resources && { missing: missingResources(asked, resources).map(toJson) }),
  }
  return {
    tokens,
    sub: tokens.claims?.sub,
    details,
    ...(expiresAt !== undefined && { consentExpiresAt: expiresAt }),
  }
}

/** The resources that the token response names as granted, where it does. @see https://www.rfc-editor.org/rfc/rfc9396.html#section-7 */
function grantedResources(details: unknown, detailType: string): readonly FdxResource[] | undefined {
  const list = Array.isArray(details)
    ? details.map((detail) => Object(detail) as Record<string, unknown>)
    : []
  const { consentRequest } = list.find(({ type }) => type === detailType) ?? {}
  return consentRequest === undefined
    ? undefined
    : readResources((Object(consentRequest) as Record<string, unknown>)['resources'])
}
