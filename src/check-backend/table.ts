import type { CheckReport, RuleResult } from './check-backend.js'
import type { Tier } from './rule.js'

const marks = { pass: '✓', fail: '✗', skipped: '–' } as const
const nameWidth = 28

/** A rule of the table: one line where it passed or was not run, and with `isWhole` or a failure what was sent and why. */
export function formatRule(
  { name, tier, result, sent, received, why, section, problem = '' }: RuleResult,
  isWhole = false,
): string {
  const came = result === 'skipped' ? `not run: ${problem}` : received
  const line = `${marks[result]} ${name.padEnd(nameWidth)} ${tier === 'hardening' ? '(hardening) ' : ''}${came}`
  if (result !== 'fail' && !isWhole) return line
  const wrong = result === 'fail' ? [`    wrong  ${problem}`] : []
  return [line, `    sent   ${sent}`, ...wrong, `    why    ${why} (${section})`].join('\n')
}

/** The closing lines: of each tier how many rules passed, and which did not. */
export function formatSummary({ results }: CheckReport): string {
  const tiers: readonly Tier[] = ['required', 'hardening']
  return tiers
    .map((tier) => [tier, results.filter((one) => one.tier === tier)] as const)
    .filter(([, all]) => all.length > 0)
    .map(([tier, all]) => `${`${tier}:`.padEnd(10)} ${summaryOf(all)}`)
    .join('\n')
}

function summaryOf(all: readonly RuleResult[]): string {
  const names = (wanted: RuleResult['result']): readonly string[] =>
    all.filter(({ result }) => result === wanted).map(({ name }) => name)
  const failed = names('fail')
  const skipped = names('skipped').length
  return [
    `${String(names('pass').length)} of ${String(all.length)} passed`,
    ...(failed.length > 0 ? [`${String(failed.length)} failed (${failed.join(', ')})`] : []),
    ...(skipped > 0 ? [`${String(skipped)} not run`] : []),
  ].join(', ')
}
