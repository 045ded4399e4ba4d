// examples/component-tests as somebody finds it who has installed the packed tarball: under Vitest, under Jest, and type-checked.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../../scripts/entries.js'
import { installPacked, type InstalledApp } from './support/installed-app.js'

const example = join(root, 'examples/component-tests')

let app: InstalledApp

beforeAll(async () => {
  app = await installPacked(example)
}, 600_000)

afterAll(() => app.close())

test('passes under Vitest, on jsdom', () => app.run('vitest', 'run'))

test('passes under Vitest, on happy-dom', () => app.run('vitest', 'run', '--environment', 'happy-dom'))

test('passes under Jest, which finds no open handle', async () => {
  expect(await app.run('jest', '--detectOpenHandles')).not.toContain('open handle')
})

test('type-checks', () => app.run('tsc', '-p', '.'))

test('tells each story in at most ten lines', async () => {
  const source = await readFile(join(example, 'accounts.test.tsx'), 'utf8')
  const stories = [...source.matchAll(/^test\([^]*?^\}\)$/gm)].map(([story]) => story.split('\n').length)
  expect(stories.length).toBeGreaterThan(5)
  expect(stories.filter((lines) => lines > 10)).toEqual([])
})
