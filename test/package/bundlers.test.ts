// What an app ships of the library, built from the package as `npm run build` left it. scripts/size.js has what it loads when.
import { execFileSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { bundleBy, bundlerNames } from '../../scripts/bundlers.js'
import { entries } from '../../scripts/entries.js'

/** Bytes of everything that a page can load, gzip -9. esbuild makes more chunks than the others. */
const budgets: Readonly<Record<string, { readonly everything: number; readonly backendOnly: number }>> = {
  vite: { everything: 61_400, backendOnly: 38_200 },
  webpack: { everything: 61_400, backendOnly: 38_200 },
  esbuild: { everything: 65_200, backendOnly: 41_100 },
  rollup: { everything: 60_800, backendOnly: 38_300 },
}

/** What only the direct channel has. */
const hasDirect = (code: string): boolean => /refresh_token|jwks_uri/.test(code)

describe.each(bundlerNames)('%s', (bundler) => {
  test('ships an app with only backends no direct channel and no oauth4webapi, within its budget', async () => {
    const { bytes, code } = await bundleBy(bundler, 'backend.tsx')
    expect(hasDirect(code)).toBe(false)
    expect(bytes).toBeLessThanOrEqual(budgets[bundler]?.backendOnly ?? 0)
  })

  test('ships an app in browser mode everything within its budget', async () => {
    const { bytes, code } = await bundleBy(bundler, 'browser.tsx')
    expect(hasDirect(code)).toBe(true)
    expect(bytes).toBeLessThanOrEqual(budgets[bundler]?.everything ?? 0)
  })

  // Rollup leaves process.env to a plugin.
  test.skipIf(bundler === 'rollup')('leaves out what is for development', async () => {
    const { code } = await bundleBy(bundler, 'browser.tsx')
    expect(code.match(/ has no option "|Did you mean|NODE_ENV|a second client was created/g)).toEqual([
      ' has no option "',
    ])
  })
})

test('a page without a bundler has no process, and is told of a mistake all the same', () => {
  const built = entries.find(({ name }) => name === 'core/index')?.built ?? ''
  const page = `
    const { createClient } = await import(${JSON.stringify(pathToFileURL(built).href)})
    const { log } = console
    delete globalThis.process
    try { createClient({ provider: {} }) } catch ({ message }) { log(message) }
  `
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', page], { encoding: 'utf8' })
  expect(said).toBe('createClient has no option "provider".\n')
})
