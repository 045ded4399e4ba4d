import { nearestName } from './nearest-name.js'
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
  | 'any'

/**
 * Test of a value that is given: the sentence about one that the option cannot have. A page loads it only with the presets that
 * have such an option; see option-tests.ts.
 *
 * @param name The option's, as sentences show it.
 */
export type OptionTest = (name: string, value: unknown, all: OptionsToCheck) => string | undefined

/** Options with their forms. */
export interface OptionsToCheck {
  readonly given: Readonly<Record<string, unknown>>
  readonly expected: Readonly<Record<string, OptionForm>>
}

/** Form of an option's value: the name of one, with `!` where the option must be given, the values it can have, or a test. */
export type OptionForm = FormName | `${FormName}!` | readonly string[] | OptionTest

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
    const [shown, value] = [`\`${name}\``, given[name]]
    const fault =
      typeof form === 'function'
        ? value !== undefined && form(shown, value, { given, expected })
        : faultOf(shown, value, form, characters[name])
    if (fault) refuse(`: ${fault}`)
  }
}

/** The sentence about a value that an option cannot have; `undefined` for one that it can. */
function faultOf(
  name: string,
  value: unknown,
  form: Exclude<OptionForm, OptionTest>,
  text?: RegExp,
): string | undefined {
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
  if (!fits(value, kind) || text?.test(value as string) === false)
    return `${name} must be ${isAddress(kind) ? `an https URL (or http on this machine) without fragment${kind === 'url' ? '' : ' and query'}` : `of the type ${kind}${text ? ' (RFC 6749)' : ''}`}.`
  return undefined
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
  if (/string./.test(kind))
    return Array.isArray(value)
      ? areStrings(value) && (kind === 'strings' || String(value) !== '')
      : kind === 'stringOrStrings' && typeof value === 'string'
  return kind === 'any' || (typeof value === kind && value !== null)
}

const areStrings = (values: readonly unknown[]): boolean => values.every((one) => typeof one === 'string')
