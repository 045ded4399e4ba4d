import { ValidationError } from '../../protocol/errors.js'

/** Claims that a profile is made from: Basis calls them critical for fraud prevention. */
export type BasisProfileClaim = 'userEmail' | 'userName' | 'companyEin' | 'companyName'

/** Claims that help to find a profile's user and company again in the app's own records. */
export type BasisReconciliationClaim = 'nativeUserId' | 'nativeCompanyId'

/**
 * Claims of the app's user and their business for Basis. They come from the app's session alone.
 *
 * - `userEmail`, `userName`: of the person who completes Connect.
 * - `companyEin`: nine digits, with or without the hyphen. `companyName`: the full legal name.
 * - `nativeUserId`, `nativeCompanyId`: keys of the app's own records.
 *
 * @typeParam Required Those that every session has.
 */
export type BasisClaims<Required extends BasisProfileClaim = BasisProfileClaim> = Readonly<
  Record<Required, string> & Partial<Record<BasisProfileClaim | BasisReconciliationClaim, string | undefined>>
>

/** All that Basis can use for a profile. */
export const profileClaims = ['userEmail', 'userName', 'companyEin', 'companyName'] as const

const wireNames = {
  userEmail: 'user_email',
  userName: 'user_name',
  companyEin: 'company_ein',
  companyName: 'company_name',
  nativeUserId: 'native_user_id',
  nativeCompanyId: 'native_company_id',
} as const

const forms: Partial<Record<string, RegExp>> = {
  userEmail: /^[^\s@]+@[^\s@]+$/,
  companyEin: /^\d{2}-?\d{7}$/,
}

/** Anything that can be read. */
const text = /^(?=.*\S)[^\p{Cc}]{1,256}$/u

/**
 * The session's claims with the names of the initialization token, the EIN as nine digits.
 *
 * @throws {ValidationError} `input_invalid` naming the claim that is missing or malformed, never its value.
 */
export function toInitTokenClaims(
  claims: Partial<Record<string, unknown>>,
  required: readonly string[],
): Record<string, string> {
  const written: Record<string, string> = {}
  for (const [name, wireName] of Object.entries(wireNames)) {
    const value = claims[name]
    if (value === undefined && !required.includes(name)) continue
    if (typeof value !== 'string' || !(forms[name] ?? text).test(value)) throw unusable(name)
    written[wireName] = name === 'companyEin' ? value.replace('-', '') : value
  }
  return written
}

const unusable = (name: string): ValidationError =>
  new ValidationError('input_invalid', name, `The session of the app's user has no usable ${name}.`, {
    recovery: 'configure',
  })
