import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { plants } from './plants.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Bundles the library's core, its backend and the simulation into one file. In separate modules `import()` would resolve at
 * a time that is not the scheduler's.
 *
 * @param {string} [plant] The name of a fault to plant.
 * @returns {Promise<string>} The path of the bundle.
 */
export async function bundle(plant) {
  const names = Object.keys(plants)
  if (plant !== undefined && !names.includes(plant))
    throw new Error(`No plant is called "${plant}". There are: ${names.join('; ')}.`)
  const outfile = join(
    root,
    `node_modules/.cache/simulate/${process.pid}-${plant ? names.indexOf(plant) : 'main'}.js`,
  )
  await build({
    entryPoints: [join(root, 'scripts/simulate/main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
    plugins: plant === undefined ? [] : [planting(plant)],
  })
  return outfile
}

/**
 * @param {string} name
 * @returns {import('esbuild').Plugin}
 */
function planting(name) {
  const { edits } = /** @type {import('./plants.js').Plant} */ (plants[name])
  return {
    name: 'plant',
    setup(plugin) {
      const planted = new Set()
      plugin.onLoad({ filter: /\.ts$/ }, async (args) => {
        const own = edits.filter(({ file }) => args.path === join(root, 'src', file))
        if (own.length === 0) return undefined
        let contents = await readFile(args.path, 'utf8')
        for (const { file, text, by } of own) {
          if (contents.split(text).length !== 2)
            throw new Error(`"${name}" cannot be planted: its text is not in src/${file} exactly once.`)
          contents = contents.replace(text, () => by)
          planted.add(file)
        }
        return { contents, loader: 'ts' }
      })
      plugin.onEnd(() => {
        for (const { file } of edits)
          if (!planted.has(file))
            throw new Error(`"${name}" cannot be planted: the simulation does not use src/${file}.`)
      })
    },
  }
}
