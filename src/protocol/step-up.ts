import { askedChecks, type AskedChecks } from './asked-checks.js'

/**
 * Reads what an API wants that challenges for a newer or stronger authentication; `undefined` for any other answer. A page sees
 * it only where the API names `WWW-Authenticate` in `Access-Control-Expose-Headers`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9470.html#section-3
 */
export function readStepUp({
  status,
  headers,
}: Pick<Response, 'status' | 'headers'>): AskedChecks | undefined {
  const challenge = status === 401 ? (headers.get('www-authenticate') ?? '') : ''
  if (parameterOf(challenge, 'error') !== 'insufficient_user_authentication') return undefined
  const values = (parameterOf(challenge, 'acr_values') ?? '').split(' ').filter(Boolean)
  const age = parameterOf(challenge, 'max_age') ?? ''
  return {
    ...(values.length > 0 && { acrValues: values }),
    ...(/^\d{1,9}$/.test(age) && { maxAgeSeconds: Number(age) }),
  }
}

/** A parameter of a challenge, quoted or not. @see https://www.rfc-editor.org/rfc/rfc9110.html#section-11.2 */
function parameterOf(challenge: string, name: string): string | undefined {
  const found = new RegExp(
    `(?:^|[ ,])${name} *= *(?:"([\\x20\\x21\\x23-\\x5b\\x5d-\\x7e]{0,256})"|([\\w.:-]{1,256}))`,
    'i',
  ).exec(challenge)
  return found?.[1] ?? found?.[2]
}

/** The members of the backend contract that name these checks. */
export const toWire = ({
  acrValues,
  maxAgeSeconds,
}: AskedChecks): { readonly acr_values?: string; readonly max_age?: number } => ({
  ...(acrValues && { acr_values: acrValues.join(' ') }),
  ...(maxAgeSeconds !== undefined && { max_age: maxAgeSeconds }),
})

/** The checks that such members name; `undefined` where one of them is malformed. */
export function fromWire({
  acr_values: acr,
  max_age: age,
}: {
  readonly acr_values?: unknown
  readonly max_age?: unknown
}): AskedChecks | undefined {
  const isAge = Number.isInteger(age) && Number(age) >= 0 && Number(age) < 1e9
  if (age !== undefined && !isAge) return undefined
  if (acr !== undefined && !(typeof acr === 'string' && acrForm.test(acr))) return undefined
  return askedChecks({
    ...(isAge && { max_age: String(age) }),
    ...(acr !== undefined && { acr_values: acr }),
  })
}

/** Values with a space between them, of the characters that a challenge may hold in quotes, too. */
const acrForm = /^(?=.{1,256}$)[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/
