import { contractHeader, contractVersion, type ErrorAnswer } from '../../protocol/contract.js'
import { toWire } from '../../protocol/step-up.js'
import { statusOf } from '../../protocol/contract-status.js'
import type { Refusal } from './refusal.js'

/** Headers of every answer, errors included: nothing is cached, framed, sniffed or loaded into another site's page. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  vary: 'Origin, Cookie',
}

/** An answer of the contract. Its `Countersign` header tells it from an answer of a provider's API. */
export function respondJson(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...securityHeaders,
      'content-type': 'application/json',
      [contractHeader]: contractVersion,
      ...headers,
    },
  })
}

/** The answer to a refused request. */
export function respondRefusal({ error, message, details }: Refusal): Response {
  const { allow, connection, retryAfterSeconds, asked } = details
  const body: ErrorAnswer = {
    error,
    error_description: message,
    ...(connection !== undefined && { connection }),
    ...(asked && toWire(asked)),
  }
  return respondJson(statusOf[error], body, {
    ...(allow && { allow: allow.join(', ') }),
    ...(retryAfterSeconds !== undefined && { 'retry-after': String(Math.ceil(retryAfterSeconds)) }),
  })
}
