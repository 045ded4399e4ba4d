// What docs/reliability.md says is in the tests and in the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

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

/** A node and every one below it. */
function nodesOf(node: ts.Node): ts.Node[] {
  const found = [node]
  ts.forEachChild(node, (child) => {
    found.push(...nodesOf(child))
  })
  return found
}

const isText = (node: ts.Node): node is ts.StringLiteralLike => ts.isStringLiteralLike(node)

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

/** The members of a union of texts. */
function membersOf(file: string, name: string): string[] {
  const found = nodesOf(parse(file)).find(
    (node) => ts.isTypeAliasDeclaration(node) && node.name.text === name,
  )
  return found
    ? nodesOf(found)
        .filter(isText)
        .map(({ text }) => text)
    : []
}

const codes = membersOf('src/protocol/errors/base.ts', 'ErrorCode')
const recoveries = membersOf('src/protocol/errors/base.ts', 'Recovery')

/** The library's errors; what a class says of each of its own. */
const classes: Readonly<Record<string, { readonly code?: string; readonly recovery?: string }>> = {
  CountersignError: {},
  AuthorizationResponseError: {},
  BackendError: {},
  TransactionError: {},
  ValidationError: {},
  TokenEndpointError: { code: 'token_error' },
  NetworkError: { code: 'network_error', recovery: 'resume' },
  StorageError: { code: 'storage_unavailable' },
}

/** The codes and recoveries of the errors that the library makes. */
function madeErrors(): [code: string, recovery: string][] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join('src', name))
  const nodes = files.flatMap((file) => nodesOf(parse(file)))
  // Where a table says which answer becomes which error: [code, sentence, recovery].
  const tabled = nodes.filter(ts.isArrayLiteralExpression).flatMap(({ elements }): [string, string][] => {
    const [code, , recovery] = elements.map((element) => (isText(element) ? element.text : ''))
    return codes.includes(code ?? '') && recoveries.includes(recovery ?? '')
      ? [[code ?? '', recovery ?? '']]
      : []
  })
  return tabled.concat(
    nodes.filter(ts.isNewExpression).flatMap((made) => {
      const known = classes[made.expression.getText()]
      if (!known) return []
      const [first] = made.arguments ?? []
      const own = first
        ? nodesOf(first)
            .filter(isText)
            .map(({ text }) => text)
        : []
      const said = (made.arguments ?? []).flatMap(recoveriesIn)
      const possible = said.length > 0 ? said : [known.recovery ?? 'authorize']
      const named = known.code === undefined ? own.filter((text) => codes.includes(text)) : [known.code]
      return named.flatMap((code) => possible.map((recovery): [string, string] => [code, recovery]))
    }),
  )
}

/** The recoveries that an argument names. */
function recoveriesIn(argument: ts.Node): string[] {
  return nodesOf(argument)
    .filter((node) => ts.isPropertyAssignment(node) && node.name.getText() === 'recovery')
    .flatMap((node) =>
      nodesOf(node)
        .filter(isText)
        .map(({ text }) => text),
    )
    .filter((text) => recoveries.includes(text))
}

test('the table of codes has every code, with what the library says can be done', { timeout: 60_000 }, () => {
  expect(codes).toContain('state_unknown')
  const made = Object.fromEntries(codes.map((code) => [code, new Set<string>()]))
  for (const [code, recovery] of madeErrors()) made[code]?.add(recovery)
  const documented = rows
    .filter(([code = '']) => codes.includes(code.replaceAll('`', '')))
    .map(([code = '', , recovery = '']) => [code.replaceAll('`', ''), recovery.match(/\w+/g)?.sort()])
  expect(Object.fromEntries(documented)).toEqual(
    Object.fromEntries(Object.entries(made).map(([code, set]) => [code, [...set].sort()])),
  )
  expect(documented).toHaveLength(codes.length)
})
