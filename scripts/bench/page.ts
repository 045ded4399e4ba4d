// npm run bench:page: how long a person waits, in Chromium on this machine, beside a hand-written floor without checks and beside
// oidc-client-ts with react-oidc-context; and how that grows. Prints tables and writes docs/performance.md, its plot and the raw
// samples; asserts nothing. An argument says how many rounds, `--only` with `paths`, `kept` or `scale` leaves
// the others out and writes nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release } from 'node:os'
import { chromium } from 'playwright-core'
import { format, resolveConfig } from 'prettier'
import { findChromium } from '../chromium.js'
import { median, table } from './figures.js'
import { aimRows, keptAimRows } from './page/aims.js'
import { keepers, keptRows, measureKept, type KeptMeasure, type KeptSample } from './page/kept.js'
import { measurePaths, profiles, subjects, type Measure, type Sample } from './page/paths.js'
import { plot } from './page/plot.js'
import { figure, measureScale, scaleRows, sizes, type ScaleSample } from './page/scale.js'
import { buildPages, startApp, startServer } from './page/servers.js'

const rounds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 9)
const only = process.argv.includes('--only') ? process.argv.at(process.argv.indexOf('--only') + 1) : undefined
const wants = (part: 'paths' | 'scale' | 'kept'): boolean => only === undefined || only === part
const beganAt = Date.now()

const titles: Readonly<Record<Measure, string>> = {
  callback: 'Callback page: from the beginning of its load to a token that can be used',
  'first click': 'First click in a new profile, to the navigation',
  'second visit': 'Click after the page was loaded again',
  'prepared click': 'Click that `prepare()` went ahead of',
  heap: 'Heap of the callback page when everything is done, kB',
}
const measures = Object.keys(titles) as readonly Measure[]

async function measure(): Promise<{ samples: Sample[]; kept: KeptSample[]; scale: ScaleSample[] }> {
  const app = await startApp(await buildPages())
  const latency = { milliseconds: 0 }
  const server = await startServer(latency)
  const browser = await chromium.launch({
    executablePath: await findChromium(),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  })
  try {
    return {
      samples: wants('paths') ? await measurePaths(browser, app.origin, server.origin, latency, rounds) : [],
      kept: wants('kept') ? await measureKept(browser, app.origin, server, rounds) : [],
      scale: wants('scale') ? await measureScale(browser, app.origin, server.origin, rounds) : [],
    }
  } finally {
    await browser.close()
    app.close()
    server.close()
  }
}

const { samples, kept, scale } = await measure()
const keptMedian = (subject: string, what: KeptMeasure): number =>
  median(kept.filter((one) => one.subject === subject && one.measure === what).map(({ value }) => value))
const medianOf = (profile: string, subject: string, what: Measure): number =>
  median(
    samples
      .filter((one) => one.profile === profile && one.subject === subject && one.measure === what)
      .map(({ value }) => value),
  )

const head = [
  '',
  ...subjects.map(({ name }) => name),
  'to the floor',
  'to that with React',
  'to oidc-client-ts',
]
const rowsOf = (what: Measure): string[][] =>
  profiles
    .filter(({ latency, isPhone }) => what !== 'heap' || (latency === 0 && !isPhone))
    .map(({ name }) => {
      const values = subjects.map((subject) => medianOf(name, subject.name, what))
      const [floor = NaN, discovers = NaN, react = NaN, other = NaN, ours = NaN] = values
      const base = what === 'first click' ? discovers : floor
      return [name, ...values.map(figure), figure(ours / base), figure(ours / react), figure(ours / other)]
    })
const aimHead = ['', 'aim', 'measured', '']
const keptHead = ['', ...keepers.map(({ name }) => name)]
const scaleHead = ['', ...sizes.map(({ name }) => name)]

if (wants('paths'))
  for (const what of measures) {
    console.log(`\n${titles[what]}, medians of ${rounds}`)
    table(head, rowsOf(what))
  }
if (wants('paths')) {
  console.log('\nAims')
  table(aimHead, aimRows(medianOf))
}
if (wants('kept')) {
  console.log(`\nStored tokens, medians of ${rounds}`)
  table(keptHead, keptRows(keptMedian, figure))
}
if (wants('scale')) {
  console.log(`\nGrowth, medians of ${rounds}`)
  table(scaleHead, scaleRows(scale))
}

const markdownTable = (titleRow: readonly string[], rows: readonly (readonly string[])[]): string =>
  [
    `| ${titleRow.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(titleRow.length - 1)}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n')

const root = new URL('../../', import.meta.url)
const [cpu] = cpus()
const load = loadavg()[0] ?? 0
const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, Linux ${release()}, Node ${process.versions.node}, load ${load.toFixed(1)} when it ended`
const busy =
  load > 2 * cpus().length
    ? ' It was busy with other work, so the figures are rough: run it again on an idle one.'
    : ''
const minutes = ((Date.now() - beganAt) / 60_000).toFixed(0)

/** What a run measures: it takes the place of what the run before wrote. */
const measured = (): string => `## Aims

${markdownTable(aimHead, [...aimRows(medianOf), ...keptAimRows(keptMedian)])}

${measures.map((what) => `## ${titles[what]}\n\n${markdownTable(head, rowsOf(what))}`).join('\n\n')}

![The callback page under each profile](pictures/performance.svg)

## Stored tokens

${markdownTable(keptHead, keptRows(keptMedian, figure))}

## Growth

${markdownTable(scaleHead, scaleRows(scale))}

Medians of ${rounds} interleaved runs. Machine: ${machine}.${busy} The run took ${minutes} minutes.`

if (only === undefined) {
  const rounded = <One extends { readonly value: number }>(list: readonly One[]): One[] =>
    list.map((one) => ({ ...one, value: Number(one.value.toFixed(2)) }))
  writeFileSync(
    new URL('scripts/bench/page-samples.json', root),
    `${JSON.stringify({ machine, rounds, samples: rounded(samples), kept: rounded(kept), scale: rounded(scale) })}\n`,
  )
  writeFileSync(
    new URL('docs/pictures/performance.svg', root),
    plot(
      'Callback page: until a token can be used',
      'ms',
      profiles.map(({ name }) => ({
        name,
        bars: subjects.map((subject) => ({
          name: subject.name,
          value: medianOf(name, subject.name, 'callback'),
        })),
      })),
    ),
  )
  const file = new URL('docs/performance.md', root)
  const [begin, end] = ['<!-- measured -->', '<!-- /measured -->']
  const text = readFileSync(file, 'utf8')
  const [before = ''] = text.split(begin)
  const after = text.split(end)[1] ?? ''
  const style = await resolveConfig(file)
  const written = `${before}${begin}\n\n${measured()}\n\n${end}${after}`
  writeFileSync(file, await format(written, { ...style, parser: 'markdown' }))
}
