// What docs/security.md says is in the tests, and each attack has a removal or a reason.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { inBrowser, removals } from '../../scripts/defences/list.js'
import { withoutRemoval } from '../../scripts/defences/reasons.js'
import { isCase } from '../support/is-case.js'
import { isText, nodesOf } from './made-errors.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const page = read('docs/security.md')

/** The rows of the table of attacks. */
const attacks = [...page.matchAll(/^\| +(\d+) +\|(.*)\|(.*)\|(.*)\|$/gm)].map(
  ([, number, attack = '', defence = '', shown = '']) => ({
    number: Number(number),
    attack: attack.trim(),
    defence: defence.trim(),
    shown: shown.trim(),
  }),
)

/** Tests that are named anywhere on the page, with their titles. */
const named = [...page.matchAll(/`(test\/[^`]+)`((?:,? "[^"]+")*)/g)].map(([, file = '', quoted = '']) => ({
  file,
  titles: [...quoted.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title),
}))

describe('the table of attacks', () => {
  test('has each number once, from 1 on', () => {
    expect(attacks.length).toBeGreaterThan(96)
    expect(attacks.map(({ number }) => number)).toEqual(attacks.map((_, index) => index + 1))
  })

  test('has a defence for each, and a test or the reason why there is none', () => {
    expect(attacks.filter(({ attack, defence }) => attack === '' || defence === '')).toEqual([])
    const untested = attacks.filter(({ shown }) => !/`test\/[^`]+\.test\.tsx?`/.test(shown))
    expect(untested.filter(({ number }) => withoutRemoval[number] === undefined)).toEqual([])
  })

  test('has a removal for each attack, or the reason why there is none', () => {
    const removed = new Set([...removals, ...inBrowser].flatMap((removal) => removal.attacks))
    const open = attacks.filter(({ number }) => !removed.has(number) && !withoutRemoval[number])
    expect(open).toEqual([])
    const numbers = new Set(attacks.map(({ number }) => number))
    expect(
      [...removed, ...Object.keys(withoutRemoval).map(Number)].filter((one) => !numbers.has(one)),
    ).toEqual([])
    // No excuse where there is a removal.
    expect(Object.keys(withoutRemoval).filter((one) => removed.has(Number(one)))).toEqual([])
  })
})

describe('the page', () => {
  test.each([...new Set(named.map(({ file }) => file))])('quotes titles that are in %s', (file) => {
    expect(existsSync(join(root, file))).toBe(true)
    const titles = titlesIn(file)
    const quoted = named.filter((one) => one.file === file).flatMap((one) => one.titles)
    expect(quoted.filter((title) => !titles.some((written) => isCase(written, title)))).toEqual([])
  })

  test('links to what is there', () => {
    const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    )
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor = '']) => anchor)
    expect(links.filter((anchor) => !anchors.includes(anchor))).toEqual([])
    const files = [...page.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, file = '']) => join('docs', file))
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([])
  })

  test('is linked from the first screen of the README', () => {
    expect(read('README.md').split('\n').slice(0, 16).join('\n')).toContain('](docs/security.md)')
  })
})

/** The titles of a file's tests, as they are written. */
function titlesIn(file: string): string[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true)
  return nodesOf(source).flatMap((node) => {
    if (!ts.isCallExpression(node) || !/^(?:it|test|describe)\b/.test(node.expression.getText())) return []
    const [title] = node.arguments
    return title && isText(title) ? [title.text] : []
  })
}
