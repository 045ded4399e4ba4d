// Every numbered statement of docs/providers/*.md is cited by a test, and no test cites a number that is not there.
// A title cites them as in `stitch 22, 23: holds exactly what is documented`. That such a test can fail is shown by `npm run test:defences`,
// which takes the behaviour out: the last tests want a removal for every statement.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { removals } from '../../scripts/defences/list.js'
import { isCase } from '../support/is-case.js'

const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** The presets that `countersign/providers` exports. */
const presets = [
  ...readFileSync(here('src/providers/index.ts'), 'utf8').matchAll(/from '\.\/(\w+)\/preset\.js'/g),
].map(([, name = '']) => name)

const pages = readdirSync(here('docs/providers'))
  .filter((file) => file.endsWith('.md'))
  .map((file) => file.slice(0, -'.md'.length))

/** The numbers in the first column of a page's tables. */
const documented = (name: string): number[] =>
  [...readFileSync(here(`docs/providers/${name}.md`), 'utf8').matchAll(/^\| *(\d+) *\|/gm)].map(
    ([, number]) => Number(number),
  )

interface Citation {
  readonly name: string
  readonly numbers: readonly number[]
  readonly title: string
}

/** The statements that a title cites, where it cites any. */
const citationOf = (title: string): Citation | undefined => {
  const [, name = '', numbers = ''] = /^(\w+) (\d+(?:, \d+)*): /.exec(title) ?? []
  return pages.includes(name) ? { name, numbers: numbers.split(', ').map(Number), title } : undefined
}

/** The titles that begin with numbers, in `test(…)`, `it.each(…)(…)` and `describe(…)`. */
const citations: readonly Citation[] = ['test/providers', 'test/browser']
  .flatMap((folder) =>
    readdirSync(here(folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => readFileSync(here(`${folder}/${file}`), 'utf8')),
  )
  .flatMap((source) => [...source.matchAll(/\(\s*(['"`])((\w+) (\d+(?:, \d+)*): .+)\1/g)])
  .map(([, , title = '', name = '', numbers = '']) => ({
    name,
    numbers: numbers.split(', ').map(Number),
    title,
  }))
  .filter(({ name }) => pages.includes(name))

test('every preset has a page', () => {
  expect(presets).toContain('stitch')
  expect(presets.filter((name) => !existsSync(here(`docs/providers/${name}.md`)))).toEqual([])
})

test('every page but those of any provider have numbered statements', () => {
  expect(pages.filter((name) => documented(name).length === 0)).toEqual(['oidc', 'your-own'])
})

describe.each(pages)('the page of %s', (name) => {
  const numbers = documented(name)
  const cited = citations.filter((citation) => citation.name === name)

  test('numbers its statements from 1 without a gap', () => {
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  })

  test('has a test for every statement', () => {
    const tested = new Set(cited.flatMap((citation) => citation.numbers))
    expect(numbers.filter((number) => !tested.has(number))).toEqual([])
  })

  test('has every statement that a test cites', () => {
    const strangers = cited.filter((citation) => citation.numbers.some((number) => !numbers.includes(number)))
    expect(strangers.map(({ title }) => title)).toEqual([])
  })
})

describe('the removals of scripts/defences', () => {
  const proven = removals.flatMap(({ title }) => citationOf(title) ?? [])

  test('cite statements by the exact title of a test', () => {
    const isWritten = (one: string) => citations.some(({ title }) => isCase(title, one))
    expect(proven.map(({ title }) => title).filter((title) => !isWritten(title))).toEqual([])
  })

  test('turn a test red for every statement', () => {
    const counts = pages
      .filter((name) => documented(name).length > 0)
      .map((name) => {
        const numbers = new Set(
          proven.filter((one) => one.name === name).flatMap((citation) => citation.numbers),
        )
        const unproven = documented(name).filter((number) => !numbers.has(number))
        return { name, documented: documented(name).length, unproven }
      })
    expect(counts).toEqual([
      { name: 'apiture', documented: 35, unproven: [] },
      { name: 'basis', documented: 40, unproven: [] },
      { name: 'fdx', documented: 23, unproven: [] },
      { name: 'moneyhub', documented: 27, unproven: [] },
      { name: 'stitch', documented: 40, unproven: [] },
    ])
  })
})
