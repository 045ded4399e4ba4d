import { reservedParameter } from './reserved-parameters.js'
import { parseSecureUrl } from './secure-url.js'

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
  | 'any'

/** Form of an option's value: the name of one, with `!` where the option must be given, or the values it can have. */
export type OptionForm = FormName | `${FormName}!` | readonly string[]

type KeyOf<Options> = Options extends unknown ? keyof Options : never

/** The form of every option: write it with `satisfies`, so that none is forgotten. */
export type OptionForms<Options> = Readonly<Record<KeyOf<Options>, OptionForm>>

/**
 * Checks options when they are given, for JavaScript and for values that types cannot know, such as those of the environment.
 * Messages name options and never show what was given.
 *
 * @param what The function that takes the options, as the app calls it.
 * @throws {TypeError} naming the option and what to change.
 */
export function checkOptions(
  what: string,
  options: unknown,
  expected: Readonly<Record<string, OptionForm>>,
): void {
  if (typeof options !== 'object' || !options) throw new TypeError(`${what} needs an object of options.`)
  const names = Object.keys(expected)
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    const meant = nearest(name, names)
    throw new TypeError(
      `${what} has no option "${name}". ${meant === undefined ? `It takes ${names.join(', ')}.` : `Did you mean "${meant}"?`}`,
    )
  }
  for (const [name, form] of Object.entries(expected))
    checkValue(what, name, (options as Readonly<Record<string, unknown>>)[name], form)
}

function checkValue(what: string, name: string, value: unknown, form: OptionForm): void {
  const refuse = (sentence: string): never => {
    throw new TypeError(`${what}: ${sentence}`)
  }
  if (typeof form !== 'string') {
    if (value !== undefined && !form.includes(value as string))
      refuse(`\`${name}\` must be "${form.join('" or "')}".`)
    return
  }
  const kind = form.replace('!', '')
  if (value === undefined || value === '') {
    if (kind !== form)
      refuse(
        `\`${name}\` is missing or empty. If it comes from an environment variable, check that it is set.`,
      )
    if (value === undefined) return
  }
  if (kind === 'issuer' && typeof value === 'string' && value.includes('/.well-known/'))
    refuse(
      `\`${name}\` is the address of the discovery document. Give the issuer: the value of "issuer" in that document.`,
    )
  if (!fits(value, kind)) refuse(`\`${name}\` must be ${words[kind] ?? `of the type ${kind}`}.`)
  const reserved = kind === 'parameters' && reservedParameter(value as object)
  if (reserved) refuse(`the parameter "${reserved}" is set by countersign. Remove it from \`${name}\`.`)
}

const aUrl = 'an https URL (or http on this machine) without fragment'

const words: Readonly<Record<string, string>> = { url: aUrl, issuer: `${aUrl} and query` }

function fits(value: unknown, kind: string): boolean {
  const url = parseSecureUrl(value, 'browser')
  switch (kind) {
    case 'url':
      return !!url
    case 'issuer':
      return url?.href.includes('?') === false
    case 'strings':
      return Array.isArray(value) && areStrings(value)
    case 'stringOrStrings':
      return typeof value === 'string' || (fits(value, 'strings') && String(value) !== '')
    case 'parameters':
      return typeof value === 'object' && areStrings(Object.values({ ...value }))
    default:
      return kind === 'any' || (typeof value === kind && value !== null)
  }
}

const areStrings = (values: readonly unknown[]): boolean => values.every((one) => typeof one === 'string')

/** The name that was probably meant: a typing error or two away. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((other) => ({ other, edits: distance(name.toLowerCase(), other.toLowerCase()) }))
    .sort((a, b) => a.edits - b.edits)
  const [best] = ranked
  return best && best.edits <= Math.max(2, name.length / 3) ? best.other : undefined
}

/** The number of letters to add, remove or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1)
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}
