import { statusOf } from '../../protocol/contract-status.js'
import type { Refusal } from '../http/refusal.js'
import { securityHeaders } from '../http/responses.js'

/** Words of RFC 8935 for what is wrong with a delivery, by the member at fault. */
const errors: Readonly<Record<string, string>> = {
  'webhook:iss': 'invalid_issuer',
  'webhook:aud': 'invalid_audience',
  'webhook:alg': 'invalid_key',
  'webhook:signature': 'invalid_key',
}

/**
 * The answer to a delivery: 202 where it was taken, also for one that came before or is about nobody here.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8935.html#section-2.3
 */
export function answerDelivery(refusal?: Refusal): Response {
  if (!refusal) return new Response(null, { status: 202, headers: securityHeaders })
  const { error, message, details } = refusal
  const { reason = '', allow, retryAfterSeconds } = details
  return new Response(JSON.stringify({ err: errors[reason] ?? 'invalid_request', description: message }), {
    status: statusOf[error],
    headers: {
      ...securityHeaders,
      'content-type': 'application/json',
      ...(allow && { allow: allow.join(', ') }),
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
    },
  })
}
