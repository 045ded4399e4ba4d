// What is published, as `npm run build` left it.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { entries, root } from '../../scripts/entries.js'

const files = readdirSync(`${root}dist`, { recursive: true, encoding: 'utf8' })
const modules = files.filter((file) => file.endsWith('.js'))
const read = (file: string) => readFileSync(file, 'utf8')

/** Whether a file's source begins with 'use client'. */
function isClientModule(file: string): boolean {
  const source = ['.ts', '.tsx']
    .map((suffix) => `${root}src/${file.replace(/\.js$/, suffix)}`)
    .find(existsSync)
  return source !== undefined && read(source).startsWith("'use client'")
}

/** Everything that a module loads at once: files by path, packages by name. */
function staticImports(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  for (const [, specifier = ''] of read(file).matchAll(/^(?:import|export)\b[^'"]*?["']([^'"]+)["'];?$/gm)) {
    if (specifier.startsWith('.')) staticImports(resolve(dirname(file), specifier), seen)
    else seen.add(specifier)
  }
  return seen
}

const packagesOf = (file: string) => [...staticImports(file)].filter((name) => !name.startsWith('/'))

test("'use client' stands on the modules that have it, and on no other", () => {
  const marked = modules.filter((file) => /^["']use client["']/.test(read(`${root}dist/${file}`)))
  expect(marked.length).toBeGreaterThan(0)
  expect(marked).toEqual(modules.filter(isClientModule))
})

test('every module that an entry loads has its declarations', () => {
  const loaded = entries
    .flatMap(({ built }) => [...staticImports(built)])
    .filter((name) => name.startsWith('/'))
  expect(loaded.filter((file) => !existsSync(file.replace(/\.js$/, '.d.ts')))).toEqual([])
})

test('what a page loads on demand is one module a part, beside what it has loaded at once', () => {
  const local = (file: string) => relative(`${root}dist`, file)
  const eager = ['index', 'providers/index'].flatMap((name) => [...staticImports(`${root}dist/${name}.js`)])
  const own = (part: string) =>
    [...staticImports(`${root}dist/${part}`)]
      .filter((name) => name.startsWith('/') && !eager.includes(name))
      .map(local)
  const core = ['core/lazy-parts.js', 'core/resume-pending.js']
  expect(own('core/lazy-parts.js')).toEqual(core)
  expect(own('core/channel/backend.js')).toEqual(['core/channel/backend.js', ...core])
  // What it shares with what only it loads on demand, DPoP and pushed requests, lies beside it.
  expect(own('core/channel/direct.js').filter((file) => !file.startsWith('core/channel/'))).toEqual(core)
  expect(own('platform/fallback-lease.js')).toEqual(['platform/fallback-lease.js'])
})

test.each([
  ['the kit for tests', 'testing'],
  ['the devtools', 'devtools'],
])('nothing but %s itself loads it', (_, folder) => {
  const others = modules.filter((file) => !file.startsWith(`${folder}/`))
  const isOfFolder = (file: string) => file.startsWith(`${root}dist/${folder}/`)
  expect(others.filter((file) => [...staticImports(`${root}dist/${file}`)].some(isOfFolder))).toEqual([])
  const onDemand = new RegExp(`import\\(["'][^"']*${folder}/`)
  expect(others.filter((file) => onDemand.test(read(`${root}dist/${file}`)))).toEqual([])
})

test('the panel of the devtools is there, with all that it needs', () => {
  const panel = [...staticImports(`${root}dist/devtools/panel/panel.js`)].filter((name) =>
    name.startsWith('/'),
  )
  expect(panel.filter((file) => !existsSync(file))).toEqual([])
  expect(packagesOf(`${root}dist/devtools/panel/panel.js`).sort()).toEqual(['react', 'react/jsx-runtime'])
})

describe.each(entries)('$specifier', ({ name, built }) => {
  test('is imported in Node without touching a global', async () => {
    const before = Object.getOwnPropertyNames(globalThis)
    const entry = (await import(built)) as object
    expect(Object.keys(entry)).not.toEqual([])
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(before)
  })

  test('loads at once only the packages it may', () => {
    const allowed: Record<string, RegExp> = {
      index: /^react$|^react\/jsx-runtime$|^idb-keyval$/,
      'core/index': /^idb-keyval$/,
      'providers/index': /^$/,
      'messages/index': /^$/,
      'devtools/index': /^react(?:-dom)?$|^react\/jsx-runtime$|^idb-keyval$/,
      'backend/index': /^oauth4webapi$/,
      'backend/node/index': /^node:|^undici$|^redis$|^oauth4webapi$/,
      'testing/index': /^idb-keyval$|^oauth4webapi$/,
      'testing/msw/index': /^msw$/,
      'testing/jest/index': /^$/,
    }
    const pattern = allowed[name]
    const unexpected = packagesOf(built).filter((specifier) => !pattern?.test(specifier))
    expect(unexpected, relative(root, built)).toEqual([])
  })
})
