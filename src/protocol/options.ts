import { faultOfAskedChecks, faultWithoutIdToken } from './asked-checks.js'
import { nearestName } from './nearest-name.js'
import { reservedParameter } from './reserved-parameters.js'
import { parseScope } from './scope.js'
import { parseSecureUrl } from './secure-url.js'
import { hasOwn } from './has-own.js'

/** Names of the forms that a value can have: those of `typeof`, and a few of our own. */
type FormName =
  | 'string'
  | 'boolean'
  | 'number'
  | 'object'
  | 'function'
  | 'url'
  | 'issuer'
  /** Strings in an array. */
  | 'strings'
  /** One string or several. */
  | 'stringOrStrings'
  /** Parameters of an authorization request. */
  | 'parameters'
  /** Signature algorithms of ID Tokens, one at least. */
  | 'algorithms'
  | 'any'

/** Form of an option's value: the name of one, with `!` where the option must be given, or the values it can have. */
export type OptionForm = FormName | `${FormName}!` | readonly string[]

type KeyOf<Options> = Options extends unknown ? keyof Options : never

/** The form of every option: write it with `satisfies`, so that none is forgotten. */
export type OptionForms<Options> = Readonly<Record<KeyOf<Options>, OptionForm>>

/**
 * Checks options when they are given, for JavaScript and for values that types cannot know, such as those of the environment.
 * Messages name options and never show what was given. The name that was probably meant is said in development only: bundlers
 * remove that part from what they build for production.
 *
 * @param what The function that takes the options, as the app calls it.
 * @throws {TypeError} naming the option and what to change.
 */
export function checkOptions(
  what: string,
  options: unknown,
  expected: Readonly<Record<string, OptionForm>>,
): void {
  const refuse = (sentence: string): never => {
    throw new TypeError(what + sentence)
  }
  if (Object(options) !== options) refuse(' needs an object of options.')
  const given = options as Readonly<Record<string, unknown>>
  for (const name of Object.keys(given)) {
    if (hasOwn(expected, name)) continue
    let hint = ''
    // eslint-disable-next-line no-restricted-globals -- a bundler puts the value in its place
    if (typeof process === 'object' && process.env['NODE_ENV'] !== 'production')
      hint = nearestName(name, Object.keys(expected))
    refuse(` has no option "${name}".${hint}`)
  }
  for (const [name, form] of Object.entries(expected)) {
    const fault = faultOf(`\`${name}\``, given[name], form, characters[name])
    if (fault) refuse(`: ${fault}`)
  }
  // Where the two are options of one function; a client without a scope looks at each request.
  if (expected['scope'] && expected['parameters']) {
    const { scope: wanted, parameters } = given as { scope?: string; parameters?: Record<string, string> }
    const fault = faultWithoutIdToken(parameters, parseScope(wanted ?? '').includes('openid'))
    if (fault) refuse(`: ${fault}`)
  }
}

/** The sentence about a value that an option cannot have; `undefined` for one that it can. */
function faultOf(name: string, value: unknown, form: OptionForm, text?: RegExp): string | undefined {
  if (typeof form !== 'string')
    return value === undefined || form.includes(value as string)
      ? undefined
      : `${name} must be "${form.join('" or "')}".`
  const kind = form.replace('!', '')
  if (kind !== form && (value === undefined || value === ''))
    return `${name} is missing or empty. If it comes from an environment variable, check that it is set.`
  if (value === undefined) return undefined
  if (kind === 'issuer' && typeof value === 'string' && value.includes('/.well-known/'))
    return `${name} is the address of the discovery document. Give the issuer: the value of "issuer" in that document.`
  if (kind === 'algorithms' && !areAlgorithms(value))
    return `${name} must be an array of signature algorithms, such as ["ES256", "PS256"]: RS, PS or ES with 256, 384 or 512, EdDSA, Ed25519.`
  if (!fits(value, kind) || text?.test(value as string) === false)
    return `${name} must be ${isAddress(kind) ? `an https URL (or http on this machine) without fragment${kind === 'url' ? '' : ' and query'}` : `of the type ${kind}${text ? ' (RFC 6749)' : ''}`}.`
  const reserved = kind === 'parameters' && reservedParameter(value as object)
  if (reserved) return `the parameter "${reserved}" is set by countersign. Remove it from ${name}.`
  return kind === 'parameters' ? faultOfAskedChecks(value as Record<string, string>) : undefined
}

const isAddress = (kind: string): boolean => /url|issuer/.test(kind)

/**
 * Values of RFC 6749 §3.3 with spaces between them. A comma is a character of a value; beside `openid` it is a slip, by which nobody
 * would ask for an ID Token.
 */
const scope = /^(?!.*(,openid|openid,)| *$)[ !#-[\]-~]+$/

/** True for a string that can be a scope. */
export const isScope = (text: string): boolean => scope.test(text)

/** What goes to the authorization server as it is, by the option's name. RFC 6749, appendix A.1; no space at the end. */
const characters: Readonly<Record<string, RegExp>> = { clientId: /^[ -~]*[!-~]$/, scope }

function fits(value: unknown, kind: string): boolean {
  if (isAddress(kind)) {
    const { href } = parseSecureUrl(value, 'browser') ?? {}
    return href !== undefined && (kind === 'url' || !href.includes('?'))
  }
  if (kind === 'algorithms') return true
  if (kind === 'parameters') return Object(value) === value && areStrings(Object.values(value as object))
  if (/string./.test(kind))
    return Array.isArray(value)
      ? areStrings(value) && (kind === 'strings' || String(value) !== '')
      : kind === 'stringOrStrings' && typeof value === 'string'
  return kind === 'any' || (typeof value === kind && value !== null)
}

const areAlgorithms = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => /^(?:[RPE]S(?:256|384|512)|EdDSA|Ed25519)$/.test(String(one)))

const areStrings = (values: readonly unknown[]): boolean => values.every((one) => typeof one === 'string')
