import type { ContractErrorCode } from './contract.js'

/** The status of every error of the contract. */
export const statusOf: Readonly<Record<ContractErrorCode, number>> = {
  invalid_request: 400,
  invalid_grant: 400,
  unauthenticated: 401,
  forbidden_origin: 403,
  unknown_provider: 404,
  unknown_connection: 404,
  not_found: 404,
  method_not_allowed: 405,
  subject_mismatch: 409,
  transaction_invalid: 409,
  other_person: 409,
  person_unknown: 409,
  too_many_connections: 409,
  reauthorization_required: 409,
  step_up_required: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  provider_error: 502,
  backend_unavailable: 503,
  provider_unavailable: 504,
}
