import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The repository's root, as a path. */
export const root = fileURLToPath(new URL('..', import.meta.url))

const manifest = /** @type {{ name: string, exports: Record<string, string | { default: string }> }} */ (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
)

/**
 * The public entries, read from `exports` in package.json so that they are listed once:
 * `countersign/core` is built from src/core/index.ts to dist/core/index.js.
 */
export const entries = Object.entries(manifest.exports).flatMap(([subpath, target]) => {
  if (typeof target === 'string') return []
  const name = target.default.replace(/^\.\/dist\/(.*)\.js$/, '$1')
  const specifier = subpath.replace(/^\./, manifest.name)
  const source = [`${root}src/${name}.ts`, `${root}src/${name}.tsx`].find((file) => existsSync(file))
  return source ? [{ name, specifier, source, built: `${root}dist/${name}.js` }] : []
})
