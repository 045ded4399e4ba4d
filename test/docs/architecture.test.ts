// The names in docs/architecture.md and CONTRIBUTING.md are those of the tree.
import { existsSync, readFileSync } from 'node:fs'
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

test('every folder of the core that docs/architecture.md draws has a rule of its layer', () => {
  const drawn = [...read('docs/architecture.md').matchAll(/\bcore\/([a-z]+)\b/g)].map(([, name = '']) => name)
  const folders = [...new Set(drawn)].filter((name) => existsSync(join(root, 'src/core', name)))
  expect(folders.sort()).toEqual(['authorize', 'callback', 'channel', 'connections', 'popup', 'records'])
  const rules = JSON.stringify(layers.forbidden)
  expect(folders.filter((name) => !rules.includes(name))).toEqual([])
})
