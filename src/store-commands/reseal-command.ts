import { parseArgs } from 'node:util'
import { reseal, type ResealOptions, type ResealProgress } from '../backend/storage/reseal.js'
import type { Store } from '../backend/storage/store.js'
import type { ExitCode, Output } from '../check-backend/output.js'
import { UsageError } from '../check-backend/usage-error.js'
import { loadModule } from './load-module.js'

/** The text of `countersign reseal --help`. */
export const resealUsage = `Usage: countersign reseal <module> [--check] [--json]

Seals every record of a store with the first key, while the backend runs. The module exports "store" and "keys", the same
as createBackend is given: take the keys from the environment, so that they are on no command line. A run that was ended
goes on where the next one is started: what the first key has sealed is passed over.

  --check  change nothing: say how many records are left to be sealed
  --json   a report for machines

Exit code: 0 all records are sealed with the first key, 1 some are not, 2 the command could not be carried out.`

/** Carries out `countersign reseal`. @throws {UsageError} */
export async function resealCommand(args: readonly string[], { out }: Output): Promise<ExitCode> {
  const { path, check, json } = parse(args)
  const { store, keys, close } = await loadModule(path)
  if (typeof store !== 'object' || store === null || !Array.isArray(keys))
    throw new UsageError('The module exports `store`, a store, and `keys`, as createBackend is given them.')
  try {
    const options: ResealOptions = {
      store: store as Store,
      keys: keys as string[],
      check,
      onProgress: (progress) => {
        if (!json) out(format(progress))
      },
    }
    const report = await reseal(options)
    out(json ? JSON.stringify(report, null, 2) : `${format(report)}\n${verdictOf(report, check)}`)
    return report.unreadable === 0 && (!check || report.resealed === 0) ? 0 : 1
  } finally {
    if (typeof close === 'function') await (close as () => unknown)()
  }
}

function parse(args: readonly string[]): {
  readonly path: string
  readonly check: boolean
  readonly json: boolean
} {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { check: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [path, ...more] = positionals
    if (path !== undefined && more.length === 0) return { path, ...values }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options could not be read.')
  }
  throw new UsageError('Give one module, such as ./store.js.')
}

const format = ({ seen, current, resealed, unreadable }: ResealProgress): string =>
  `${String(seen)} records: ${String(current)} by the first key, ${String(resealed)} by another, ${String(unreadable)} unreadable`

function verdictOf({ resealed, unreadable }: ResealProgress, isCheck: boolean): string {
  if (unreadable > 0)
    return 'Some records cannot be read with these keys. Remove no key; find the one that is missing.'
  if (isCheck && resealed > 0) return 'Run it again without --check.'
  return 'Every record is sealed with the first key.'
}
