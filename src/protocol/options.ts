import { reservedParameter } from './reserved-parameters.js'
import { parseSecureUrl } from './secure-url.js'

const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== ''

/** Names of the forms that a value can have. */
type FormName =
  | 'text'
  | 'scope'
  | 'url'
  | 'issuer'
  | 'flag'
  | 'number'
  | 'texts'
  | 'textOrTexts'
  | 'parameters'
  | 'object'
  | 'function'
  | 'any'

const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)

const aUrl = 'an https URL (or http on this machine) without fragment'

/** Each form of a value: its test, and the words for it. */
const forms: Readonly<Record<FormName, readonly [test: (value: unknown) => boolean, words: string]>> = {
  text: [isText, 'a string that is not empty'],
  scope: [
    (value) => isText(value) && /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(value),
    'a string of scope values with spaces between them',
  ],
  url: [(value) => parseSecureUrl(value, 'browser') !== undefined, aUrl],
  issuer: [(value) => parseSecureUrl(value, 'browser')?.href.includes('?') === false, `${aUrl} and query`],
  flag: [(value) => typeof value === 'boolean', 'true or false'],
  number: [(value) => typeof value === 'number' && value >= 0, 'a number that is not negative'],
  texts: [isTexts, 'a list of strings'],
  textOrTexts: [
    (value) => isText(value) || (isTexts(value) && String(value) !== ''),
    'a string or a list of strings',
  ],
  parameters: [
    (value) => Object.values({ ...(value as object) }).every((one) => typeof one === 'string'),
    'an object of strings',
  ],
  object: [(value) => typeof value === 'object' && value !== null, 'an object'],
  function: [(value) => typeof value === 'function', 'a function'],
  any: [() => true, ''],
}

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
  const needed = typeof form === 'string' && form.endsWith('!')
  if (needed && (value === undefined || value === ''))
    refuse(`\`${name}\` is missing or empty. If it comes from an environment variable, check that it is set.`)
  if (value === undefined) return
  if (typeof form !== 'string') {
    if (!(form as readonly unknown[]).includes(value)) refuse(`\`${name}\` must be "${form.join('" or "')}".`)
    return
  }
  const kind = form.replace('!', '') as FormName
  if (kind === 'issuer' && typeof value === 'string' && value.includes('/.well-known/'))
    refuse(
      `\`${name}\` is the address of the discovery document. Give the issuer: the value of "issuer" in that document.`,
    )
  const [test, words] = forms[kind]
  if (!test(value)) refuse(`\`${name}\` must be ${words}.`)
  const reserved = kind === 'parameters' ? reservedParameter(value as object) : undefined
  if (reserved !== undefined)
    refuse(`the parameter "${reserved}" is set by countersign. Remove it from \`${name}\`.`)
}

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
