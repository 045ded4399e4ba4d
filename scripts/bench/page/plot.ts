// The plot of docs/performance.md: bars for each profile, as an SVG that reads on light and dark pages.

/** One group of bars, and its heading. */
export interface Group {
  readonly name: string
  readonly bars: readonly { readonly name: string; readonly value: number }[]
}

const [width, rowHeight, left, right] = [760, 16, 190, 70]
const colours = ['#7a8794', '#a9b4be', '#8f9f74', '#c98a3a', '#2a6fd6']

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

/** Draws groups of bars below each other, on one scale. Values that are not there are left out. */
export function plot(title: string, unit: string, groups: readonly Group[]): string {
  const longest = Math.max(
    ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)).filter(Number.isFinite),
  )
  const lines: string[] = []
  let y = 44
  for (const { name, bars } of groups) {
    lines.push(`<text x="8" y="${y}" font-weight="bold">${escape(name)}</text>`)
    y += 6
    for (const [index, bar] of bars.entries()) {
      if (!Number.isFinite(bar.value)) continue
      const length = (bar.value / longest) * (width - left - right)
      lines.push(
        `<text x="${left - 8}" y="${y + 12}" text-anchor="end">${escape(bar.name)}</text>`,
        `<rect x="${left}" y="${y + 2}" width="${length.toFixed(1)}" height="${rowHeight - 4}" fill="${colours[index % colours.length] ?? ''}"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + 12}">${bar.value.toFixed(bar.value < 10 ? 1 : 0)} ${unit}</text>`,
      )
      y += rowHeight
    }
    y += 22
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" font-family="system-ui, sans-serif" font-size="12">`,
    `<title>${escape(title)}</title>`,
    '<style>text{fill:#222}@media (prefers-color-scheme:dark){text{fill:#ddd}}</style>',
    `<text x="8" y="18" font-size="14" font-weight="bold">${escape(title)}</text>`,
    ...lines,
    '</svg>',
    '',
  ].join('\n')
}
