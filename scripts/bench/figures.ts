import { readFile, writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { format, resolveConfig } from 'prettier'

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Milliseconds, as they are printed. */
export const ms = (milliseconds: number): string => milliseconds.toFixed(milliseconds < 0.1 ? 3 : 2)

export const whole = (value: number): string => String(Math.round(value))

/** Prints columns, the first to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, index) =>
    Math.max(...[head, ...rows].map((row) => row[index]?.length ?? 0), title.length),
  )
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, index) =>
      index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0),
    )
    console.log(cells.join('  '))
  }
}

/** A document with the part between two comments, `<!-- name -->` and `<!-- /name -->`, replaced by a line and a table. */
function withTable(
  document: string,
  name: string,
  line: string,
  rows: readonly (readonly string[])[],
): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [document.indexOf(begin), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`The document has no part between ${begin} and ${end}.`)
  const [head = [], ...body] = rows
  const lines = [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`)
  return `${document.slice(0, from + begin.length)}\n\n${line}\n\n${lines.join('\n')}\n\n${document.slice(to)}`
}

/** What a table was measured on. */
export const machine = (): string =>
  `Node ${process.versions.node}, ${String(cpus().length)} × ${cpus()[0]?.model ?? ''}, load ${loadavg()[0]?.toFixed(1) ?? ''}.`

/** Puts a table into docs/backend-performance.md, between the comments of its name. */
export async function writeTable(
  name: string,
  line: string,
  rows: readonly (readonly string[])[],
): Promise<void> {
  const path = 'docs/backend-performance.md'
  const document = withTable(await readFile(path, 'utf8'), name, line, rows)
  await writeFile(path, await format(document, { ...(await resolveConfig(path)), filepath: path }))
}
