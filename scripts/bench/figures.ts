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
export function withTable(
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
