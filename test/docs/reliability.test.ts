// What docs/reliability.md says is in the tests and in the code.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { isText, nodesOf, readErrors } from './made-errors.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const parse = (path: string): ts.SourceFile =>
  ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)

/** The cells of a document's tables, row by row, without their heads. */
const rows = read('docs/reliability.md')
  .split('\n')
  .filter((line, index, lines) => line.startsWith('| ') && !lines[index + 1]?.startsWith('| -'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .filter(([first]) => !/^-+$/.test(first ?? ''))

const faults = rows.flatMap(([fault = '', , shown = '']) => {
  const named = [...shown.matchAll(/`(test\/[^`]+)`((?:,? "[^"]+")*)/g)]
  return shown.includes('.test.ts') ? [{ fault, named }] : []
})

describe('the table of faults', () => {
  test('names a test for every fault', () => {
    expect(faults.length).toBeGreaterThan(30)
    expect(faults.filter(({ named }) => named.length === 0).map(({ fault }) => fault)).toEqual([])
  })

  const references = faults.flatMap(({ named }) =>
    named.map(([, file = '', quoted = '']) => ({
      file,
      titles: [...quoted.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
    })),
  )

  test.each([...new Set(references.map(({ file }) => file))])('quotes titles that are in %s', (file) => {
    expect(existsSync(join(root, file))).toBe(true)
    const quoted = references.filter((one) => one.file === file).map(({ titles }) => titles)
    expect(quoted).not.toContainEqual([])
    const titles = titlesIn(file)
    expect(quoted.flat().filter((title) => !titles.some((one) => one.includes(title)))).toEqual([])
  })
})

/** The titles of a file's tests, as they are written. */
function titlesIn(file: string): string[] {
  return nodesOf(parse(file)).flatMap((node) => {
    if (!ts.isCallExpression(node) || !/^(?:it|test|describe)\b/.test(node.expression.getText())) return []
    const [title] = node.arguments
    return title && isText(title) ? [title.text] : []
  })
}

test('the table of codes has every code, with what the library says can be done', () => {
  const { codes, made } = readErrors(
    join(root, 'src/index.ts'),
    join(root, 'src'),
    join(root, 'src/tsconfig.json'),
  )
  const found = Object.fromEntries(codes.map((code) => [code, new Set<string>()]))
  for (const [code, recovery] of made) found[code]?.add(recovery)
  const documented = rows
    .filter(([code = '']) => codes.includes(code.replaceAll('`', '')))
    .map(([code = '', , recovery = '']) => [code.replaceAll('`', ''), recovery.match(/\w+/g)?.sort()])
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(Object.entries(found).map(([code, set]) => [code, [...set].sort()])),
  )
  expect(documented).toHaveLength(codes.length)
  expect(codes.length).toBeGreaterThan(20)
})
