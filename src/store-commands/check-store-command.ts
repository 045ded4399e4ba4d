import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Store } from '../backend/storage/store.js'
import type { ExitCode, Output } from '../check-backend/output.js'
import { UsageError } from '../check-backend/usage-error.js'
import { checkStore, type StoreRuleResult } from './check-store.js'
import { checkKilledWriter } from './kill-writer.js'
import { loadModule } from './load-module.js'

/** The text of `countersign check-store --help`. */
export const checkStoreUsage = `Usage: countersign check-store <module> [--json]

Holds a store to the contract that the stores of countersign/backend are held to. The module's default export, or its
export "open", is a function that gives a store: it is called twice, as two replicas would, and both must reach the same
data, and once more in a process that is killed while it writes. A method "close" of the store is called at the end. The
check writes keys that begin with "check:" and deletes them.

  --json   a report for machines

Exit code: 0 all passed, 1 a rule failed, 2 the check could not be made.`

interface OpenedStore extends Store {
  close?(): unknown
}

/** Carries out `countersign check-store`. @throws {UsageError} */
export async function checkStoreCommand(args: readonly string[], { out }: Output): Promise<ExitCode> {
  const { path, json } = parse(args)
  const open = opener(await loadModule(path))
  const [store, other] = [await openOne(open), await openOne(open)]
  try {
    const pass = async (seconds: number): Promise<void> => {
      await setTimeout(seconds * 1000)
    }
    const tell = (result: StoreRuleResult): void => {
      if (!json) out(formatResult(result))
    }
    const killed = await checkKilledWriter(path, store)
    tell(killed)
    const results = [killed, ...(await checkStore({ store, other, pass }, tell))]
    out(json ? JSON.stringify({ module: path, results }, null, 2) : `\n${formatSummary(results)}`)
    return results.some(({ result }) => result === 'fail') ? 1 : 0
  } finally {
    await store.close?.()
    if (other !== store) await other.close?.()
  }
}

function parse(args: readonly string[]): { readonly path: string; readonly json: boolean } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    })
    const [path, ...more] = positionals
    if (path !== undefined && more.length === 0) return { path, json: values.json }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options could not be read.')
  }
  throw new UsageError('Give one module, such as ./my-store.js.')
}

function opener(module: Readonly<Record<string, unknown>>): () => unknown {
  const open = module['open'] ?? module['default']
  if (typeof open === 'function') return open as () => unknown
  throw new UsageError(
    'The module exports no function that opens a store: export it as `open`, or by default.',
  )
}

async function openOne(open: () => unknown): Promise<OpenedStore> {
  const store = (await open()) as Partial<OpenedStore> | null | undefined
  const methods = [store?.get, store?.put, store?.delete]
  if (methods.every((method) => typeof method === 'function')) return store as OpenedStore
  throw new UsageError('What the module opens is no store: it needs the methods get, put and delete.')
}

const marks = { pass: '✓', fail: '✗', skipped: '–' } as const

function formatResult({ title, result, problem = '', why, milliseconds }: StoreRuleResult): string {
  if (result === 'pass') return `${marks[result]} ${title} (${String(milliseconds)} ms)`
  if (result === 'skipped') return `${marks[result]} ${title}: not run, ${problem}`
  return `${marks[result]} ${title}\n    wrong  ${problem}\n    why    ${why}`
}

function formatSummary(results: readonly StoreRuleResult[]): string {
  const count = (wanted: StoreRuleResult['result']): number =>
    results.filter(({ result }) => result === wanted).length
  return [
    `${String(count('pass'))} of ${String(results.length)} passed`,
    ...(count('fail') > 0 ? [`${String(count('fail'))} failed`] : []),
    ...(count('skipped') > 0 ? [`${String(count('skipped'))} not run`] : []),
  ].join(', ')
}
