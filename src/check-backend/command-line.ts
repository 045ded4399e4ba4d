import { parseArgs } from 'node:util'
import type { CheckOptions } from './options.js'
import { UsageError } from './usage-error.js'

/** The command line of `check-backend`. */
export interface CheckCommand {
  readonly options: CheckOptions
  readonly json: boolean
  /** Prints of rules that passed, too, what was sent and why it matters. */
  readonly verbose: boolean
  /** Accepts rules that could not run. */
  readonly allowSkipped: boolean
  /** Print the provider's settings instead of checking. */
  readonly settings: boolean
}

/** The text of `countersign check-backend --help`. */
export const usage = `Usage: countersign check-backend <base URL> [options]
       countersign check-backend --settings [--origin <origin>]

Runs the backend contract against a live backend, and prints for each rule what came back. The backend must have the
check's own provider configured: as "mediated", as "bff", and with ID Tokens. --settings prints how. Use a test
configuration: the check connects, renews and disconnects.

  --cookie <cookie>          the app's session of a test user, such as "session=…"
  --header <name: value>     the same, where the app sends a header; may be given several times
  --other-cookie, --other-header
                             the session of a second test user
  --origin <origin>          the origin of the app's pages (default: that of the base URL)
  --redirect-uri <uri>       as registered; {provider} stands for the name (default: <origin>/callback/{provider})
  --provider-port <port>     where the check's provider listens on 127.0.0.1 (default: 4680)

  --provider <name>          its name in mediated mode (default: check)
  --bff-provider <name>      its name in bff mode (default: check-bff)
  --openid-provider <name>   its name with ID Tokens (default: check-openid)
  --level <1|2>              1: a backend without bff (default: 2)
  --no-openid                a backend without OpenID Connect

  --tier <required|all>      required: what protects people and what pages rely on; all: hardening, too (default: all)
  --only <rule,rule>         only these rules
  --rate-limit               also ask until the backend says 429
  --allow-skipped            a rule that could not run does not fail the check
  --verbose                  of rules that passed, too: what was sent, and why it matters
  --json                     a report for machines
  --settings                 print what to configure, and end

Exit code: 0 all passed, 1 a rule failed or could not run, 2 the check could not be made.`

const flags = {
  cookie: { type: 'string', multiple: true },
  header: { type: 'string', multiple: true },
  'other-cookie': { type: 'string', multiple: true },
  'other-header': { type: 'string', multiple: true },
  origin: { type: 'string' },
  provider: { type: 'string', default: 'check' },
  'bff-provider': { type: 'string', default: 'check-bff' },
  'openid-provider': { type: 'string', default: 'check-openid' },
  'no-openid': { type: 'boolean', default: false },
  'redirect-uri': { type: 'string' },
  'provider-port': { type: 'string', default: '4680' },
  level: { type: 'string', default: '2' },
  tier: { type: 'string', default: 'all' },
  only: { type: 'string' },
  'rate-limit': { type: 'boolean', default: false },
  'allow-skipped': { type: 'boolean', default: false },
  verbose: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  settings: { type: 'boolean', default: false },
} as const

/** Reads what follows `check-backend`. @throws {UsageError} */
export function parseCheckCommand(args: readonly string[]): CheckCommand {
  const { values, positionals } = parse(args)
  // Settings do not depend on where the backend is.
  const base = parseBase(values.settings && positionals.length === 0 ? ['https://app.example'] : positionals)
  const origin = values.origin ?? base.origin
  if (!URL.canParse(origin) || new URL(origin).origin !== origin)
    throw new UsageError(
      '--origin is scheme, host and port as browsers write them, such as https://app.example.',
    )
  const user = sessionHeaders(values.cookie, values.header)
  const other = sessionHeaders(values['other-cookie'], values['other-header'])
  if (other && JSON.stringify(other) === JSON.stringify(user))
    throw new UsageError('--other-cookie and --other-header give the session of another user.')
  return {
    options: {
      baseUrl: base.href.replace(/\/$/, ''),
      origin,
      level: Number(oneOf('--level', values.level, ['1', '2'])) as 1 | 2,
      tier: oneOf('--tier', values.tier, ['required', 'all']),
      providers: {
        mediated: values.provider,
        bff: values['bff-provider'],
        openid: values['no-openid'] ? undefined : values['openid-provider'],
      },
      redirectUri: values['redirect-uri'] ?? `${origin}/callback/{provider}`,
      providerPort: parsePort(values['provider-port']),
      sessions: { user: user ?? {}, other },
      rateLimit: values['rate-limit'],
      only: values.only?.split(','),
    },
    json: values.json,
    verbose: values.verbose,
    allowSkipped: values['allow-skipped'],
    settings: values.settings,
  }
}

function parse(
  args: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof flags; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options could not be read.')
  }
}

function parseBase([text, ...more]: readonly string[]): URL {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined
  if (more.length === 0 && url && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '')
    return url
  throw new UsageError('Give one base URL, such as http://localhost:3000/connect.')
}

function parsePort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new UsageError('--provider-port is a number from 1 to 65535.')
}

function oneOf<const T extends string>(flag: string, text: string, all: readonly T[]): T {
  const found = all.find((one) => one === text)
  if (found === undefined) throw new UsageError(`${flag} is ${all.join(' or ')}.`)
  return found
}

function sessionHeaders(
  cookies: readonly string[] = [],
  headers: readonly string[] = [],
): Readonly<Record<string, string>> | undefined {
  const pairs = headers.map((header): [string, string] => {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(header) ?? []
    if (name === undefined || value === undefined)
      throw new UsageError('--header is "Name: value", such as "Authorization: Bearer …".')
    return [name.toLowerCase(), value]
  })
  if (cookies.length > 0) pairs.push(['cookie', cookies.join('; ')])
  return pairs.length > 0 ? Object.fromEntries(pairs) : undefined
}
