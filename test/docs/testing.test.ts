import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../../scripts/entries.js'

const read = (path: string) => readFileSync(join(root, path), 'utf8')
const text = read('docs/testing.md')
const example = (file: string) => read(`examples/component-tests/${file}`)

/** What runs: without comments, and without exports of which the document makes less. */
const withoutComments = (code: string) => code.replaceAll(/^ *(?:\/\*\*.*\*\/|\/\/.*)\n/gm, '').trim()

test('every story of docs/testing.md is one of the example, which runs', () => {
  const storiesOf = (part = '') => [...part.matchAll(/^test\([^]*?^\}\)$/gm)].map(([story]) => story)
  const [introduction, , stories] = text.split(/^## (?:Set up|Stories|Visits)$/m)
  const file = example('accounts.test.tsx')
  expect(storiesOf(stories)).toHaveLength(5)
  expect(storiesOf(stories).filter((story) => !file.includes(story))).toEqual([])
  // Its beginning is told once more, in short.
  expect(file).toContain(storiesOf(introduction)[0]?.replace(/\n\}\)$/, ''))
})

test.each(['bank-options.ts', 'bank.ts'])('docs/testing.md shows the example’s %s as it is', (file) => {
  const [, shown = ''] = new RegExp(`^// src/${file}\\n([^]*?)^\`\`\``, 'm').exec(text) ?? []
  expect(withoutComments(shown)).toBe(withoutComments(example(file)))
})

test('docs/testing.md shows the Jest configuration of the example', () => {
  const preset = (code: string) => /\.\.\.jestPreset,|'\\\\\.\[jt\]sx\?\$': .*/g[Symbol.match](code)
  const [, shown = ''] = /^\/\/ jest\.config\.js\n([^]*?)^```/m.exec(text) ?? []
  expect(preset(shown)).toEqual(preset(example('jest.config.js')))
  expect(preset(shown)).toHaveLength(2)
})

test('docs/testing.md shows stories of the example’s Storybook, without their types', () => {
  const storiesOf = (code: string) =>
    [...code.matchAll(/^export const (?:Connected|Connecting) = \{(?:.*\}|[^]*?^\})$/gm)].map(
      ([story]) => story,
    )
  const written = example('accounts.stories.tsx')
    .replaceAll(/: StoryObj/g, '')
    .replaceAll('bankOf(loaded)', 'loaded.bank')
  const [, shown = ''] = /^\/\/ src\/accounts\.stories\.tsx\n([^]*?)^```/m.exec(text) ?? []
  expect(storiesOf(shown)).toHaveLength(2)
  expect(storiesOf(shown)).toEqual(storiesOf(written))
})
