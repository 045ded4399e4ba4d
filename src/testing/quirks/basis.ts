/** The one scope that Basis has. */
export const basisProfileScope = 'profile:read'

/** Basis names this document with every error of its authorization endpoint. */
export const basisErrorUri = 'https://www.ietf.org/archive/id/draft-ietf-oauth-v2-1-11.html#section-4.1.2.1'

/** Seconds that an initialization token may live. Documented are an hour, and an example of two hours and 46 minutes. */
const longestSeconds = 3 * 3600

/** Tolerance between the clocks of app and bank. */
const toleranceSeconds = 60

/** What a profile is made from. */
const profileClaims = ['user_email', 'user_name', 'company_ein', 'company_name']

/** Lifetime of Basis's access tokens, in seconds. */
export const basisTokenSeconds = 3600

/** The scope that the list of institutions demands, of a token of the client's own. */
export const basisInstitutionsScope = 'institutions:read'

/** The scopes of a token of the client's own, for what belongs to no profile. */
const ownScopes = [basisInstitutionsScope, 'profiles:read']

/** Whether the client may have a token of its own with this scope. */
export const isBasisOwnScope = (scope: readonly string[]): boolean =>
  scope.length > 0 && scope.every((value) => ownScopes.includes(value))

/** A business's profile, but for its connections: what an initialization token says about it. */
export const toBasisProfile = (
  id: string,
  claims: Readonly<Record<string, unknown>>,
): { readonly id: string; readonly company_name: string; readonly [member: string]: string } => ({
  id,
  company_name: textOf(claims['company_name']) ?? '',
  ...Object.fromEntries(
    ['native_user_id', 'native_company_id'].flatMap((name) => {
      const value = textOf(claims[name])
      return value === undefined ? [] : [[name, value]]
    }),
  ),
})

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Why Basis refuses an initialization token: its `error_description`s. */
export const initTokenProblems = {
  missing: 'Request is missing the Initialization token.',
  malformed: 'Initialization token is malformed.',
  algorithm: 'Initialization token is not signed with HS512.',
  signature: 'Initialization token has an invalid signature.',
  expired: 'Request included expired Initialization Token.',
  unusable: (claim: string): string => `Initialization token has no usable ${claim}.`,
} as const

/** What is read of an initialization token whose signature is good. */
export interface ReadInitToken {
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Why Basis refuses an initialization token whose signature is good: an `error_description`.
 *
 * @param now Epoch seconds.
 * @param hasPlatform Whether there is a platform with this id.
 */
export function objectToInitToken(
  { header, claims }: ReadInitToken,
  clientId: string,
  now: number,
  hasPlatform: (id: string) => boolean,
): string | undefined {
  const { iat, exp, platform_id, company_ein } = claims
  for (const [name, time] of Object.entries({ exp, iat }))
    if (typeof time !== 'number') return initTokenProblems.unusable(name)
  if (Number(exp) <= now) return initTokenProblems.expired
  // Documented: kid is the client_id; the documentation's own snippet leaves it out.
  if (header['kid'] !== undefined && header['kid'] !== clientId)
    return 'Initialization token has a kid that is not the client_id.'
  if (claims['client_id'] !== clientId) return 'Initialization token is of another client.'
  if (Number(iat) > now + toleranceSeconds) return 'Initialization token was issued in the future.'
  if (Number(exp) > now + longestSeconds) return 'Initialization token lives too long.'
  if (typeof platform_id !== 'string' || !hasPlatform(platform_id))
    return 'Initialization token names an unknown platform_id.'
  const lacking = profileClaims.find((name) => typeof claims[name] !== 'string' || claims[name] === '')
  if (lacking !== undefined) return `Initialization token has no ${lacking}.`
  return /^\d{9}$/.test(String(company_ein))
    ? undefined
    : 'Initialization token has a company_ein that is not nine digits.'
}
