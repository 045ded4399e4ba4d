import { ValidationError } from './errors.js'
import { isToken } from './token.js'
import { hasOwn } from './has-own.js'

/** A checked token response, with its names in camelCase. */
export interface TokenSet {
  readonly accessToken: string
  readonly tokenType: 'bearer' | 'dpop'
  /** Seconds from the answer; `undefined` when the server did not say. */
  readonly expiresInSeconds: number | undefined
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  /**
   * The granted scope; `undefined` means: as requested, `''`: nothing.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-5.1
   */
  readonly scope: string | undefined
  /** The members a provider adds and its preset names, such as `profile_id` and `grant_id`. */
  readonly extra: Readonly<Record<string, unknown>>
}

/**
 * The usable part of a token response that could not be checked, or has a fault of form: the refresh token, where one came. The
 * access token is withheld.
 */
export interface UncheckedTokens extends Partial<Omit<TokenSet, 'accessToken'>> {
  readonly accessToken?: undefined
  /** The fault of form; absent where no key for the ID Token can be had just now. */
  readonly fault?: ValidationError
}

/** Differences between providers. */
export interface TokenResponseRules {
  /** `token_type` values that mean `Bearer`, in lower case, such as Apiture's `bearer:`. */
  readonly bearerAliases?: readonly string[]
  /** Type of a response without `token_type`. @defaultValue none: it is refused, because RFC 6749 requires the member */
  readonly assumedTokenType?: 'bearer'
  /** `true` for a request with a DPoP proof: then, and only then, the token must be bound. */
  readonly dpop?: boolean
  /** Members beside the standard ones that are kept. */
  readonly extraMembers?: readonly string[]
}

/** Longest life of an access token; a longer one is cut to it. */
const longestSeconds = 24 * 3600

const refuse = (member: string, why: string): never => {
  throw new ValidationError(
    'token_response_invalid',
    member,
    `The token response ${why}. The tokens were not used; start again with authorize().`,
  )
}

/**
 * Copies a token response member by member onto a fresh object, so that nothing else in it has an effect.
 *
 * Servers fill in members that they have no value for: `null` counts as absent for every optional member, and so does `''`
 * for `refresh_token`, `id_token` and `error`. `access_token` and `token_type` must be there.
 *
 * @throws {ValidationError} `token_response_invalid` naming the member at fault, never its value.
 * @see https://www.rfc-editor.org/rfc/rfc6749.html#section-5.1
 */
export function parseTokenResponse(
  body: Readonly<Record<string, unknown>>,
  rules: TokenResponseRules = {},
): TokenSet {
  if (filled(body, 'error') !== undefined) refuse('error', 'holds an error beside its tokens')
  const accessToken =
    token('access_token', own(body, 'access_token')) ?? refuse('access_token', 'has no access_token')
  const type = own(body, 'token_type')
  return {
    accessToken,
    tokenType:
      normalizeTokenType(type === undefined ? rules.assumedTokenType : type, rules) ??
      refuse('token_type', 'has a token_type that this client did not ask for'),
    expiresInSeconds: expiry(own(body, 'expires_in') ?? undefined),
    refreshToken: token('refresh_token', filled(body, 'refresh_token')),
    idToken: token('id_token', filled(body, 'id_token')),
    scope: scopeOf(own(body, 'scope') ?? undefined),
    extra: Object.fromEntries(
      (rules.extraMembers ?? []).filter((name) => hasOwn(body, name)).map((name) => [name, body[name]]),
    ),
  }
}

/** A member of the answer itself. */
const own = (body: Readonly<Record<string, unknown>>, name: string): unknown =>
  hasOwn(body, name) ? body[name] : undefined

/** A member in which nothing may stand for none. */
function filled(body: Readonly<Record<string, unknown>>, name: string): unknown {
  const value = own(body, name)
  return value === null || value === '' ? undefined : value
}

function token(name: string, value: unknown): string | undefined {
  if (value === undefined || isToken(value)) return value
  return refuse(name, `has a malformed ${name}`)
}

const scopeOf = (value: unknown): string | undefined =>
  value === undefined || typeof value === 'string'
    ? value
    : refuse('scope', 'has a scope that is not a string')

/** @see https://www.rfc-editor.org/rfc/rfc9449.html#section-5 */
function normalizeTokenType(
  type: unknown,
  { bearerAliases = [], dpop = false }: TokenResponseRules,
): TokenSet['tokenType'] | undefined {
  if (typeof type !== 'string') return undefined
  const name = type.toLowerCase()
  if (dpop) return name === 'dpop' ? 'dpop' : undefined
  return name === 'bearer' || bearerAliases.includes(name) ? 'bearer' : undefined
}

function expiry(value: unknown): number | undefined {
  if (value === undefined) return undefined
  // Some servers write the number as a string; anything but digits is not a number of seconds.
  const seconds = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof seconds !== 'number' || !(seconds >= 0))
    return refuse('expires_in', 'has an expires_in that is not a number of seconds')
  return Math.min(seconds, longestSeconds)
}
