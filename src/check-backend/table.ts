import type { CheckReport, RuleResult } from './check-backend.js'

const marks = { pass: '✓', fail: '✗', skipped: '–' } as const
const nameWidth = 28

/** One rule of the table: what was sent, what came back, and why it matters. */
export function formatRule({ name, result, sent, received, why, section, problem }: RuleResult): string {
  const lines = [
    `${marks[result]} ${name.padEnd(nameWidth)} ${received}`,
    `    sent ${sent}`,
    ...(problem === undefined ? [] : [`    ${result === 'fail' ? 'wrong' : 'not run'}: ${problem}`]),
    `    why  ${why} (${section})`,
  ]
  return lines.join('\n')
}

/** The closing line: how many rules passed, failed, and were not run. */
export function formatSummary({ results }: CheckReport): string {
  const count = (wanted: RuleResult['result']): number =>
    results.filter(({ result }) => result === wanted).length
  const failed = results.filter(({ result }) => result === 'fail').map(({ name }) => name)
  const counts = `${String(count('pass'))} passed, ${String(count('fail'))} failed, ${String(count('skipped'))} not run`
  return failed.length > 0 ? `${counts}: ${failed.join(', ')}` : counts
}
