// The names in docs/architecture.md and CONTRIBUTING.md are those of the tree.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import layers from '../../dependency-cruiser.config.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

describe.each(['docs/architecture.md', 'CONTRIBUTING.md'])('%s', (document) => {
  const text = read(document)

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((link) => !existsSync(join(root, dirname(document), link)))).toEqual([])
  })

  test('names files and folders that exist', () => {
    // `<name>` stands for any provider's.
    const names = [...text.matchAll(/`((?:src|test|demo|docs|scripts)\/[\w./<>-]+)`/g)].map(([, name = '']) =>
      name.replace('<name>', 'stitch'),
    )
    expect(names.length).toBeGreaterThan(3)
    expect(names.filter((name) => !existsSync(join(root, name)))).toEqual([])
  })

  test('names files of src that exist, by their last name too', () => {
    // Without its folder it may be anywhere in src.
    const names = [...text.matchAll(/`((?:[a-z-]+\/)*[a-z-]+\.tsx?)`/g)].map(([, name = '']) => name)
    const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    const isThere = (name: string): boolean =>
      existsSync(join(root, name)) || files.some((file) => `/${file}`.endsWith(`/${name}`))
    expect(names.length).toBeGreaterThan(2)
    expect(names.filter((name) => !name.includes('<') && !isThere(name))).toEqual([])
  })

  test('names commands that exist', () => {
    const commands = [...text.matchAll(/`npm (?:run )?([a-z:]+)/g)].map(([, name = '']) => name)
    expect(commands.filter((name) => !['ci', 'install', ...Object.keys(scripts)].includes(name))).toEqual([])
  })
})

test('the parts that docs/architecture.md says are written here exist', () => {
  const [, table = ''] = read('docs/architecture.md').split('## What is written here')
  const parts = [...table.matchAll(/\(`([\w/.-]+)`\)/g)].map(([, part = '']) => `src/${part}`)
  expect(parts.length).toBeGreaterThan(3)
  expect(parts.filter((part) => !existsSync(join(root, part)))).toEqual([])
})

/** What of a rule of dependency-cruiser.config.js is read here. */
interface PathRule {
  readonly from: PathCondition
  readonly to: PathCondition
}

interface PathCondition {
  readonly path?: string
  readonly pathNot?: string
  readonly reachable?: boolean
}

const rules = (layers.forbidden as readonly PathRule[]).filter(
  ({ to }) => to.path !== undefined && to.reachable === undefined,
)

const fits = (file: string, { path = '', pathNot }: PathCondition): boolean =>
  new RegExp(path).test(file) && (pathNot === undefined || !new RegExp(pathNot).test(file))

/** Whether a rule forbids an import of values, by the paths alone. */
const isForbidden = (importing: string, imported: string): boolean =>
  rules.some(({ from, to }) => fits(importing, from) && fits(imported, to))

describe('the layers that docs/architecture.md draws', () => {
  const [, drawing = ''] = read('docs/architecture.md').split('```mermaid')
  const labels = new Map(
    [...drawing.matchAll(/\b(\w+)\[([^\]]+)\]/g)].map(([, id = '', label = '']) => [id, label]),
  )
  /** A path in a drawn layer: of the file, or of any file in the folder. */
  const pathOf = (id: string): string => {
    const path = `src/${labels.get(id) ?? id}`
    return existsSync(join(root, `${path}.ts`)) ? `${path}.ts` : `${path}/any.ts`
  }
  const arrows = [...drawing.matchAll(/^ +(\w+)(?:\[[^\]]+\])? --> (\w+)/gm)]
    .map(([, from = '', to = '']) => [from, to] as const)
    // What a label with a colon stands for is in several folders.
    .filter((ids) => ids.every((id) => !labels.get(id)?.includes(':')))

  test('are the folders of src and of its core', () => {
    const drawn = [...new Set(arrows.flat().map(pathOf))].map((path) => path.replace('/any.ts', ''))
    expect(drawn.filter((path) => !existsSync(join(root, path)))).toEqual([])
    const folders = (path: string): string[] =>
      readdirSync(join(root, path), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => `${path}/${name}`)
    const expected = [...folders('src'), ...folders('src/core'), 'src/core/client.ts'].filter(
      (path) => !['src/core', 'src/messages', 'src/providers', 'src/testing'].includes(path),
    )
    expect(drawn.sort()).toEqual(expected.sort())
  })

  test.each(arrows)('%s → %s is allowed, and the way back is not', (from, to) => {
    expect(isForbidden(pathOf(from), pathOf(to))).toBe(false)
    expect(isForbidden(pathOf(to), pathOf(from))).toBe(true)
  })
})
