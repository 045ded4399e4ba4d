// One file for each part that a page loads on demand, instead of one for each module. From separate modules a bundler makes
// a chunk of whatever two parts share, and each chunk costs bytes and, on HTTP/1.1, perhaps a round trip.
import { rm } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { build } from 'vite'

/** @typedef {import('vite').Rolldown.OutputBundle} Bundle */

/**
 * A plugin for the library's build. It leaves alone what a page loads at once, and the entries that no page imports.
 *
 * @param {object} options
 * @param {readonly string[]} options.entries Files of the entries that pages import, such as `core/index.js`.
 * @param {readonly string[]} options.always Those of them that every page imports. Whatever a part shares with the others alone,
 * such as with one preset, it has a copy of: most pages do not have it at once.
 * @param {string} options.first File of the part that every page loads. It takes what two of the parts share.
 * @returns {import('vite').Plugin}
 */
export function joinLazyParts({ entries, always, first }) {
  return {
    name: 'join-lazy-parts',
    async writeBundle({ dir = '' }, bundle) {
      const eager = reach(bundle, entries)
      const parts = new Set(
        [...eager].flatMap((/** @type {string} */ file) => chunk(bundle, file)?.dynamicImports ?? []),
      )
      const shared = repeated([...parts].map((part) => reach(bundle, [part]))).filter(
        (file) => !eager.has(file),
      )

      const stays = new Map([...reach(bundle, always)].map((file) => [file, file]))
      const elsewhere = new Map([...shared.map((file) => /** @type {const} */ ([file, first])), ...stays])
      const joined = new Set(await joinPart(dir, first, stays, shared))
      for (const part of parts) {
        if (part !== first) for (const file of await joinPart(dir, part, elsewhere)) joined.add(file)
      }

      const files = Object.keys(bundle)
      const needed = reach(
        bundle,
        files.filter((file) => chunk(bundle, file)?.isEntry),
      )
      // What other entries load on demand stays as it is.
      for (const file of needed) {
        const own = (chunk(bundle, file)?.dynamicImports ?? []).filter((part) => !parts.has(part))
        for (const reached of reach(bundle, own)) needed.add(reached)
      }
      const left = files.filter((file) => !needed.has(file) && !joined.has(file))
      await Promise.all(left.map((file) => rm(join(dir, file))))
    },
  }
}

/**
 * Builds a part as one file, over what it was, and what only it loads on demand beside it.
 *
 * @param {string} dir
 * @param {string} part
 * @param {ReadonlyMap<string, string>} elsewhere In which other file the exports of a file are.
 * @param {readonly string[]} shared Files whose exports it has beside its own.
 * @returns {Promise<string[]>} The files written.
 */
async function joinPart(dir, part, elsewhere, shared = []) {
  const folder = dirname(part)
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins: [
      {
        name: 'parts',
        enforce: 'pre',
        resolveId(source, importer) {
          if (!importer || !source.startsWith('.')) return null
          const file = elsewhere.get(relative(dir, resolve(dirname(importer), source)))
          return file ? { id: specifier(relative(folder, file)), external: true } : null
        },
        transform(code, id) {
          if (relative(dir, id) !== part) return null
          const more = shared.map((file) => `export * from ${JSON.stringify(join(dir, file))}`)
          return { code: [code, ...more].join('\n'), map: null }
        },
      },
    ],
    build: {
      outDir: dir,
      emptyOutDir: false,
      minify: false,
      target: 'es2022',
      lib: {
        entry: { [part.replace(/\.js$/, '')]: join(dir, part) },
        formats: ['es'],
      },
      rolldownOptions: {
        // As package.json says of the whole: a file is not imported for nothing that is used of it.
        treeshake: { moduleSideEffects: false },
        external: [/^(?:oauth4webapi|idb-keyval)(?:\/|$)/],
        output: { entryFileNames: '[name].js', chunkFileNames: `${folder}/[name].js` },
      },
    },
  })
  return [built]
    .flat()
    .flatMap((output) => ('output' in output ? output.output.map(({ fileName }) => fileName) : []))
}

/** @param {string} path */
const specifier = (path) => (path.startsWith('.') ? path : `./${path}`)

/**
 * The given files and all that they import, what they load on demand left out.
 *
 * @param {Bundle} bundle
 * @param {readonly string[]} files
 */
function reach(bundle, files) {
  /** @type {Set<string>} */
  const reached = new Set(files)
  for (const file of reached) for (const imported of chunk(bundle, file)?.imports ?? []) reached.add(imported)
  return reached
}

/**
 * What more than one of the lists holds.
 *
 * @param {readonly Iterable<string>[]} lists
 */
function repeated(lists) {
  /** @type {Set<string>} */
  const seen = new Set()
  /** @type {Set<string>} */
  const again = new Set()
  for (const item of lists.flatMap((list) => [...list])) (seen.has(item) ? again : seen).add(item)
  return [...again]
}

/**
 * @param {Bundle} bundle
 * @param {string} file
 */
function chunk(bundle, file) {
  const found = bundle[file]
  return found?.type === 'chunk' ? found : undefined
}
