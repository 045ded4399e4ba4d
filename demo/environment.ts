import { existsSync } from 'node:fs'

/** Environment variables, such as `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * The environment of this process, with what `.env.local` and `.env` in the folder it was started in add to it, the first
 * of which wins.
 */
export function loadEnvironment(): Environment {
  for (const file of ['.env.local', '.env']) {
    try {
      process.loadEnvFile(file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return process.env
}

/**
 * Reads the variables of one provider, such as `COUNTERSIGN_BASIS_CLIENT_ID`, as `clientId`; undefined where there is none
 * of them, which means: use the embedded bank. `COUNTERSIGN_…_MODE` counts for the embedded bank, too.
 *
 * @throws {Error} a sentence for each variable that is missing, unknown or malformed; it shows no value
 * @example
 * ```ts
 * const stitch = readProvider(environment, 'STITCH', ['clientId', 'keyId'], ['issuer'])
 * ```
 */
export function readProvider<const Needed extends string, const Optional extends string>(
  environment: Environment,
  provider: string,
  needed: readonly Needed[],
  optional: readonly Optional[],
): (Readonly<Record<Needed, string>> & Readonly<Partial<Record<Optional, string>>>) | undefined {
  const prefix = `COUNTERSIGN_${provider}_`
  const variable = (name: string): string =>
    prefix + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()
  const known = [...needed, ...optional]
  const given = Object.keys(environment).filter(
    (name) => name.startsWith(prefix) && name !== `${prefix}MODE` && environment[name],
  )
  if (given.length === 0) return undefined
  const problems = [
    ...needed.map(variable).flatMap((name) => (environment[name] ? [] : [`${name} is missing.`])),
    ...given.flatMap((name) =>
      known.some((one) => variable(one) === name) ? [] : [unknown(name, known.map(variable))],
    ),
    ...known.flatMap((name) => problemOf(name, environment[variable(name)], variable(name))),
  ]
  if (problems.length > 0)
    throw new Error([`The settings of ${provider} are not complete:`, ...problems].join('\n- '))
  const found = known.flatMap((name) => {
    const value = environment[variable(name)]
    return value ? [[name, value]] : []
  })
  return Object.fromEntries(found) as Record<Needed, string> & Partial<Record<Optional, string>>
}

const unknown = (name: string, known: readonly string[]): string =>
  `${name} is unknown. There are: ${known.join(', ')}.`

/** The form that a value must have, by the end of its name. */
const forms: readonly {
  readonly of: RegExp
  readonly isGood: (value: string) => boolean
  readonly says: string
}[] = [
  {
    of: /(?:^api|^issuer|Endpoint|Uri)$/,
    isGood: isAddress,
    says: 'must be an address that begins with https:// (http:// on this machine only).',
  },
  { of: /File$/, isGood: existsSync, says: 'names a file that is not there.' },
  {
    of: /^(?:dpop|par|fapi|scopeOnUrl)$/,
    isGood: (value) => /^(?:true|false)$/.test(value),
    says: 'must be true or false.',
  },
  { of: /Bytes$/, isGood: (value) => /^[1-9]\d*$/.test(value), says: 'must be a whole number.' },
]

function problemOf(name: string, value: string | undefined, variable: string): string[] {
  if (!value) return []
  if (/^[\s…]|…|[\s]$/.test(value)) return [`${variable} still has the placeholder, or a space at an end.`]
  const form = forms.find(({ of }) => of.test(name))
  return form && !form.isGood(value) ? [`${variable} ${form.says}`] : []
}

function isAddress(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, hostname } = new URL(value)
  return (
    protocol === 'https:' || (protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname))
  )
}
