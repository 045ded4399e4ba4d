/** What an authorization request asks the ID Token to confirm, beside who the person is. */
export interface AskedChecks {
  /** Seconds since the person signed in, at most: then the token must say when that was. */
  readonly maxAgeSeconds?: number | undefined
  /** The ways of signing in of which the token must name one, as its `acr`. */
  readonly acrValues?: readonly string[] | undefined
}

/**
 * The checks that an application's extra parameters ask for. A server may ignore `max_age` and `acr_values`, so the ID Token
 * must show that it did not.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
 */
export function askedChecks({
  max_age: age,
  acr_values: acr,
}: Readonly<Record<string, string>> = {}): AskedChecks {
  return {
    ...(age !== undefined && { maxAgeSeconds: Number(age) }),
    ...(acr !== undefined && { acrValues: acr.split(' ').filter(Boolean) }),
  }
}

/**
 * The parameters of an authorization request that ask for these checks.
 *
 * @throws {TypeError} for checks that could not be made.
 */
export function parametersOfChecks({
  acrValues,
  maxAgeSeconds,
}: AskedChecks): Readonly<Record<string, string>> {
  const parameters = {
    ...(maxAgeSeconds !== undefined && { max_age: String(maxAgeSeconds) }),
    ...(acrValues && { acr_values: acrValues.join(' ') }),
  }
  const fault = faultOfAskedChecks(parameters)
  if (fault !== undefined) throw new TypeError(`authorize: ${fault}`)
  return parameters
}

/** The sentence about extra parameters whose checks could not be made; `undefined` where they can. */
export const faultOfAskedChecks = ({
  max_age: age = '0',
  acr_values: acr = '-',
}: Readonly<Record<string, string>>): string | undefined =>
  !/^\d{1,9}$/.test(age)
    ? 'the parameter "max_age" must be a whole number of seconds.'
    : acr.trim() === ''
      ? 'the parameter "acr_values" must name at least one value.'
      : undefined

/** The parameters that an ID Token must confirm. */
const confirmed = ['max_age', 'acr_values'] as const

/**
 * The sentence about a parameter that an ID Token must confirm, where the scope asks for none: every approval would be refused.
 * `undefined` where there is no such parameter.
 *
 * @param asksForIdToken Whether the scope holds `openid`.
 */
export function faultWithoutIdToken(
  parameters: Readonly<Record<string, string>> | undefined,
  asksForIdToken: boolean,
): string | undefined {
  const name = asksForIdToken ? undefined : confirmed.find((one) => parameters?.[one] !== undefined)
  return (
    name &&
    `the parameter "${name}" needs "openid" in \`scope\`, because only an ID Token can confirm it: add "openid", or leave "${name}" out.`
  )
}

/** @throws {TypeError} for a parameter that an ID Token must confirm, in a request without a nonce: none will come. */
export function refuseWithoutIdToken(
  parameters: Readonly<Record<string, string>>,
  nonce: string | undefined,
): void {
  const fault = faultWithoutIdToken(parameters, nonce !== undefined)
  if (fault) throw new TypeError(`The authorization request cannot be made: ${fault}`)
}
