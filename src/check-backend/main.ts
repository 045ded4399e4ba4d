import { checkBackend, rules } from './check-backend.js'
import { checkStoreCommand, checkStoreUsage } from '../store-commands/check-store-command.js'
import { resealCommand, resealUsage } from '../store-commands/reseal-command.js'
import { parseCheckCommand, usage } from './command-line.js'
import { settingsOf, type CheckOptions, type Role } from './options.js'
import { SetupError } from './setup.js'
import type { ExitCode, Output } from './output.js'
import { formatRule, formatSummary } from './table.js'
import { UsageError } from './usage-error.js'

interface Command {
  readonly usage: string
  readonly run: (args: readonly string[], output: Output) => Promise<ExitCode>
}

const commands: Readonly<Record<string, Command>> = {
  'check-backend': { usage, run: check },
  'check-store': { usage: checkStoreUsage, run: checkStoreCommand },
  reseal: { usage: resealUsage, run: resealCommand },
}

/** The text of `countersign --help`. */
const allUsages = `Usage: countersign <command> [options]

  check-backend <base URL>   runs the backend contract against a live backend
  check-store <module>       holds a store to its contract
  reseal <module>            seals all records of a store with the first key

countersign <command> --help says more.`

/** Runs a command line. @returns The exit code. */
export async function main([name = '', ...args]: readonly string[], output: Output): Promise<ExitCode> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (name === '--help' || name === '-h' || args.includes('--help') || args.includes('-h')) {
    output.out(command?.usage ?? allUsages)
    return 0
  }
  try {
    if (!command) throw new UsageError(`There are these commands: ${Object.keys(commands).join(', ')}.`)
    return await command.run(args, output)
  } catch (error) {
    output.err(messageOf(error, command?.usage ?? allUsages))
    return 2
  }
}

async function check(args: readonly string[], { out }: Output): Promise<ExitCode> {
  const { options, json, verbose, allowSkipped, settings } = parseCheckCommand(args)
  const unknown = options.only?.filter((name) => !rules.some((rule) => rule.name === name)) ?? []
  if (unknown.length > 0) throw new UsageError(`There is no rule ${unknown.join(', ')}.`)
  if (settings) {
    out(JSON.stringify(allSettings(options), null, 2))
    return 0
  }
  let isFirst = true
  const report = await checkBackend(options, {
    onRule(rule) {
      if (json) return
      if (isFirst) out(`${options.baseUrl}: contract version 1, level ${String(options.level)}\n`)
      isFirst = false
      out(formatRule(rule, verbose))
    },
  })
  out(json ? JSON.stringify(report, null, 2) : `\n${formatSummary(report)}`)
  const isFine = report.results.every(
    ({ result }) => result === 'pass' || (result === 'skipped' && allowSkipped),
  )
  return isFine ? 0 : 1
}

/** Every provider as the backend must have it, by its name. */
function allSettings(options: CheckOptions): object {
  const { mediated, bff, openid } = options.providers
  const ofRole = (role: Role): object => {
    const { api, resources, jwks_uri: keys, ...settings } = settingsOf(options, role)
    return {
      ...settings,
      ...(role === 'bff' && { api, resources }),
      ...(role === 'openid' && { jwks_uri: keys }),
    }
  }
  return {
    [mediated]: ofRole('mediated'),
    ...(options.level === 2 && { [bff]: ofRole('bff') }),
    ...(openid !== undefined && { [openid]: ofRole('openid') }),
    client:
      'any client id and any secret, sent by HTTP Basic or in the form; PKCE with S256; refresh tokens rotate; ID Tokens are signed with RS256',
    origins: [options.origin],
  }
}

function messageOf(error: unknown, help: string): string {
  if (error instanceof SetupError) return error.message
  if (error instanceof UsageError) return `${error.message}\n\n${help}`
  const { code, message } = Object(error) as { code?: unknown; message?: unknown }
  return code === 'EADDRINUSE'
    ? "The scripted provider's port is taken. Choose another with --provider-port, and configure the backend to match."
    : `The check could not be made: ${String(message)}`
}
