import { parseArgs } from 'node:util'
import type { CheckOptions } from './options.js'

/** Thrown for a command line that cannot be understood; the message says what to write. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command line of `check-backend`. */
export interface CheckCommand {
  readonly options: CheckOptions
  readonly json: boolean
  /** Accepts rules that could not run. */
  readonly allowSkipped: boolean
  /** Print the provider's settings instead of checking. */
  readonly settings: boolean
}

/** The text of `countersign --help`. */
export const usage = `Usage: countersign check-backend <base URL> [options]

Runs the backend contract against a live backend and prints what was sent, what came back, pass or fail, and
why it matters. The backend must have the scripted provider configured, once as "mediated" and once as "bff":
--settings prints how. Use a test configuration: the check connects, renews and disconnects.

  --cookie <cookie>          the app's session of a test user, such as "session=…"
  --header <name: value>     the same, where the app sends a header; may be given several times
  --other-cookie, --other-header
                             the session of a second test user
  --origin <origin>          the origin of the app's pages (default: that of the base URL)
  --provider <name>          the scripted provider in mediated mode (default: check)
  --bff-provider <name>      the scripted provider in bff mode (default: check-bff)
  --redirect-uri <uri>       as registered; {provider} stands for the name (default: <origin>/callback/{provider})
  --provider-port <port>     where the scripted provider listens on 127.0.0.1 (default: 4680)
  --level <1|2>              1: mediated only (default: 2)
  --only <rule,rule>         only these rules
  --rate-limit               also ask until the backend says 429
  --allow-skipped            a rule that could not run does not fail the check
  --json                     a report for machines
  --settings                 print the provider's settings for the backend, and end

Exit code: 0 all passed, 1 a rule failed or could not run, 2 the check could not be made.`

const flags = {
  cookie: { type: 'string', multiple: true },
  header: { type: 'string', multiple: true },
  'other-cookie': { type: 'string', multiple: true },
  'other-header': { type: 'string', multiple: true },
  origin: { type: 'string' },
  provider: { type: 'string', default: 'check' },
  'bff-provider': { type: 'string', default: 'check-bff' },
  'redirect-uri': { type: 'string' },
  'provider-port': { type: 'string', default: '4680' },
  level: { type: 'string', default: '2' },
  only: { type: 'string' },
  'rate-limit': { type: 'boolean', default: false },
  'allow-skipped': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  settings: { type: 'boolean', default: false },
} as const

/** Reads what follows `check-backend`. @throws {UsageError} */
export function parseCheckCommand(args: readonly string[]): CheckCommand {
  const { values, positionals } = parse(args)
  const base = parseBase(positionals)
  const origin = values.origin ?? base.origin
  if (!URL.canParse(origin) || new URL(origin).origin !== origin)
    throw new UsageError(
      '--origin is scheme, host and port as browsers write them, such as https://app.example.',
    )
  const other = sessionHeaders(values['other-cookie'], values['other-header'])
  return {
    options: {
      baseUrl: base.href.replace(/\/$/, ''),
      origin,
      level: values.level === '1' ? 1 : oneOf(values.level, '2', '--level', 2),
      providers: { mediated: values.provider, bff: values['bff-provider'] },
      redirectUri: values['redirect-uri'] ?? `${origin}/callback/{provider}`,
      providerPort: parsePort(values['provider-port']),
      sessions: {
        user: sessionHeaders(values.cookie, values.header) ?? {},
        other,
      },
      rateLimit: values['rate-limit'],
      only: values.only?.split(','),
    },
    json: values.json,
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

function oneOf<T>(text: string, wanted: string, flag: string, value: T): T {
  if (text === wanted) return value
  throw new UsageError(`${flag} is 1 or 2.`)
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
