// What the library adds to an app: three small apps, built for production by Vite from dist/, React left out,
// everything else counted, gzip -9. 1 kB = 1000 bytes. Fails when one is over its budget.
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { aliases, onLog } from './vite-options.js'

/**
 * @typedef {import('vite').Rolldown.OutputChunk} Chunk
 *
 * @typedef {object} App
 * @property {string} name
 * @property {string} file Below test/size/.
 * @property {'eager' | 'all'} count `eager`: the entry and its static imports, loaded before the first click.
 * @property {number} budget In bytes.
 * @property {RegExp} [optional] Chunks that such an app loads only when it uses what is in them: not counted.
 * @property {RegExp} [without] Modules that must be in no chunk.
 */

/**
 * Vite's own helper for dynamic imports is counted, about 1.1 kB of each entry.
 *
 * @type {App[]}
 */
const apps = [
  { name: 'before the first click', file: 'hooks.tsx', count: 'eager', budget: 14_300 },
  // What a redirect with bearer tokens loads from click to data, oauth4webapi (8 kB) and every check included.
  {
    name: 'browser mode, redirect',
    file: 'browser.tsx',
    count: 'all',
    optional: /(?:dpop|pushed-authorization|watch|lease|backend|userinfo|direct-faults)-/,
    budget: 52_200,
  },
  { name: 'browser mode, everything', file: 'browser.tsx', count: 'all', budget: 61_300 },
  {
    name: 'backend only, everything',
    file: 'backend.tsx',
    count: 'all',
    budget: 38_200,
    without: /[\\/]oauth4webapi[\\/]/,
  },
]

/** The kit for tests and the devtools are in no production build that does not import them. */
const neverBundled = /[\\/]dist[\\/](?:testing|devtools)[\\/]/

let failed = false
for (const app of apps) {
  const chunks = await bundle(app)
  const loaded = app.count === 'eager' ? eager(chunks) : chunks
  const counted = loaded.filter(({ fileName, isEntry }) => isEntry || !app.optional?.test(fileName))
  const bytes = sum(counted.map(gzipped))
  const banned = chunks.filter(({ moduleIds }) =>
    moduleIds.some((id) => neverBundled.test(id) || app.without?.test(id)),
  )

  const problems = [
    ...(bytes > app.budget ? [`over its budget by ${bytes - app.budget} B`] : []),
    ...banned.map(({ fileName }) => `${fileName} contains what this app must not load`),
  ]
  console.log(
    `${app.name.padEnd(26)}${kilobytes(bytes).padStart(9)} of ${kilobytes(app.budget)}` +
      `  ${problems.length > 0 ? problems.join('; ') : 'ok'}`,
  )
  for (const chunk of counted) {
    console.log(`  ${chunk.fileName.padEnd(38)}${String(gzipped(chunk)).padStart(6)} B`)
  }
  if (problems.length > 0) {
    failed = true
    printHeaviest(counted)
  }
}
process.exitCode = failed ? 1 : 0

/**
 * @param {App} app
 * @returns {Promise<Chunk[]>}
 */
async function bundle({ file }) {
  const entry = fileURLToPath(new URL(`../test/size/${file}`, import.meta.url))
  const result = await build({
    configFile: false,
    logLevel: 'warn',
    resolve: { alias: aliases('built') },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rolldownOptions: { onLog, input: entry, external: [/^react(?:-dom)?(?:\/|$)/] },
    },
  })
  if (Array.isArray(result) || !('output' in result)) throw new Error('Vite returned no single build.')
  return result.output.filter((output) => output.type === 'chunk')
}

/** @param {Chunk[]} chunks */
function eager(chunks) {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const reached = new Set(chunks.filter(({ isEntry }) => isEntry))
  for (const chunk of reached) {
    for (const name of chunk.imports) {
      const imported = byName.get(name)
      if (imported) reached.add(imported)
    }
  }
  return [...reached]
}

/** @param {Chunk} chunk */
function gzipped({ code }) {
  return gzipSync(code, { level: 9 }).length
}

/** @param {Chunk[]} chunks */
function printHeaviest(chunks) {
  const modules = chunks.flatMap(({ modules }) =>
    Object.entries(modules).map(([id, { renderedLength }]) => ({ id, renderedLength })),
  )
  console.log('  heaviest modules, in bytes before compression:')
  for (const { id, renderedLength } of modules
    .sort((a, b) => b.renderedLength - a.renderedLength)
    .slice(0, 15)) {
    console.log(
      `  ${String(renderedLength).padStart(7)}  ${id.replace(/^.*[\\/](?=(?:dist|node_modules)[\\/])/, '')}`,
    )
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(2)} kB`
}
