// The sizes that the documents print are the budgets of scripts/size.js.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Of each app, in its order there: kB with one digit. */
const budgets = [...read('scripts/size.js').matchAll(/\bbudget: ([\d_]+)/g)].map(([, bytes = '']) =>
  (Number(bytes.replaceAll('_', '')) / 1000).toFixed(1),
)
const [beforeTheClick, browser, everything, backend] = budgets

/** The column of sizes of the table below a heading. */
function printed(path: string, heading: string): string[] {
  const [, section = ''] = read(path).split(`\n## ${heading}\n`)
  const [table = ''] = /^\|[^]*?\n\n/m.exec(section) ?? []
  return [...table.matchAll(/^\|[^|]+\| +([\d.]+) +\|/gm)].map(([, size = '']) => size)
}

test('the README prints the budget of each app', () => {
  expect(budgets).toHaveLength(4)
  expect(printed('README.md', 'Bundle size')).toEqual([beforeTheClick, browser, everything, backend])
})

test('docs/performance.md prints the budgets that it compares with the aims', () => {
  expect(printed('docs/performance.md', 'Bytes')).toEqual([beforeTheClick, browser, backend])
})
