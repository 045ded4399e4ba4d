import {
  fdxDetailType,
  objectToDetail,
  type ConsentDetail,
  type ConsentRequest,
} from '../../src/testing/quirks/fdx.js'
import { parseJson } from './http.js'
import { errors } from './oidc-provider.js'

/** @throws an `invalid_authorization_details` error naming what is wrong with a detail. */
export function checkDetail(detail: unknown): void {
  const problem = objectToDetail(detail)
  if (problem !== undefined) throw new errors.InvalidAuthorizationDetails(problem)
}

/** The consent that an authorization request asks for, where it asks for one. */
export function readConsentRequest(parameter: unknown): ConsentRequest | undefined {
  const details = typeof parameter === 'string' ? (parseJson(parameter) as ConsentDetail[]) : []
  return details.find(({ type }) => type === fdxDetailType)?.consentRequest
}
