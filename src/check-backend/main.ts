import { checkBackend, rules } from './check-backend.js'
import { settingsOf, type CheckOptions } from './options.js'
import { parseCheckCommand, usage, UsageError } from './command-line.js'
import { formatRule, formatSummary } from './table.js'

/** The streams to which the command writes. */
export interface Output {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Runs a command line. @returns The exit code. */
export async function main([command, ...args]: readonly string[], output: Output): Promise<0 | 1 | 2> {
  if (command === '--help' || command === '-h' || args.includes('--help') || args.includes('-h')) {
    output.out(usage)
    return 0
  }
  try {
    if (command !== 'check-backend') throw new UsageError('There is one command: check-backend.')
    return await check(args, output)
  } catch (error) {
    output.err(error instanceof UsageError ? `${error.message}\n\n${usage}` : messageOf(error))
    return 2
  }
}

async function check(args: readonly string[], { out }: Output): Promise<0 | 1> {
  const { options, json, allowSkipped, settings } = parseCheckCommand(args)
  const unknown = options.only?.filter((name) => !rules.some((rule) => rule.name === name)) ?? []
  if (unknown.length > 0) throw new UsageError(`There is no row ${unknown.join(', ')}.`)
  if (settings) {
    out(JSON.stringify(allSettings(options), null, 2))
    return 0
  }
  if (!json) out(`Contract version 1, level ${String(options.level)}: ${options.baseUrl}\n`)
  const report = await checkBackend(options, json ? {} : { onRule: (rule) => out(formatRule(rule)) })
  out(json ? JSON.stringify(report, null, 2) : `\n${formatSummary(report)}`)
  const isFine = report.results.every(
    ({ result }) => result === 'pass' || (result === 'skipped' && allowSkipped),
  )
  return isFine ? 0 : 1
}

/** Both providers as the backend must have them, with what pages may reach of the API. */
function allSettings(options: CheckOptions): object {
  const { mediated, bff } = options.providers
  return {
    [mediated]: { mode: 'mediated', ...settingsOf(options, mediated) },
    [bff]: {
      mode: 'bff',
      ...settingsOf(options, bff),
      resources: [
        'GET /accounts (query: limit)',
        'GET /accounts/{accountId}',
        'GET /{customerId}/transactions',
        'POST /payments',
      ],
    },
    client:
      'any client id and any secret, sent by HTTP Basic or in the form; PKCE with S256; refresh tokens rotate',
    origins: [options.origin],
  }
}

function messageOf(error: unknown): string {
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  return code === 'EADDRINUSE'
    ? "The scripted provider's port is taken: choose another with --provider-port, and configure the backend to match."
    : `The check could not be made: ${String(message)}`
}
