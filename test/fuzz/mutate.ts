// Valid inputs with up to three changes: what is wrong everywhere is refused at the first check, and says nothing of the others.
import fc from 'fast-check'

/** One change: where, of what kind, and by what. */
export interface Mutation {
  readonly at: number
  readonly kind: 'remove' | 'replace' | 'repeat' | 'insert' | 'case'
  readonly value: unknown
  readonly text: string
}

/** Values that code takes for something else. */
const oddValues = [
  ...[null, true, false, 0, -1, 1, 1e308, -0, 2 ** 53, '', ' ', '0', 'null', [], {}, [[]], ['x'], { x: 1 }],
  ...['__proto__', 'constructor', 'toString', 'https://evil.example/', '//evil.example', '\u0000', 'x\r\ny'],
  ...['x'.repeat(300), 'x'.repeat(70_000), '\ud800', 'S256', 'none', 'DPoP', 'Bearer:'],
]

/** Texts that parsers disagree about. */
const oddTexts = [
  ...[
    '//',
    '\\',
    '\\\\',
    '@evil.example',
    '..',
    '../',
    '%2e%2e',
    '%2f',
    '%5c',
    '%00',
    '%252f',
    ';',
    '\t',
    '\n',
    ' ',
  ],
  ...[
    '#',
    '?',
    '&',
    '=',
    '&state=x',
    '&code=y',
    '&error=z',
    '&iss=',
    '&access_token=t',
    ':',
    'https:',
    'http:/evil',
  ],
  ...[
    'javascript:',
    '\u202e',
    '\uff0f',
    'é',
    '\u0000',
    '[]',
    '{',
    '"',
    "'",
    '<img onerror=x>',
    'x'.repeat(600),
  ],
]

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('remove', 'replace', 'repeat', 'insert', 'case'),
  value: fc.oneof(fc.constantFrom(...oddValues), fc.jsonValue({ maxDepth: 2 })),
  text: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...oddTexts) }, fc.string({ maxLength: 4 })),
})

/** None to three changes, each number as often as any other. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc
  .nat({ max: 3 })
  .chain((length) => fc.array(mutation, { minLength: length, maxLength: length }))

/** A copy of a JSON value with these changes of its members, however deep. */
export function mutateJson(value: unknown, changes: readonly Mutation[]): unknown {
  const root: { value?: unknown } = { value: structuredClone(value) }
  for (const { at, kind, value: given } of changes) {
    // Of its own: a later change may be made inside it.
    const odd = structuredClone(given)
    // All of it is gone already.
    if (!('value' in root)) break
    const places = placesIn(root)
    const [parent, key] = places[at % places.length] as Place
    const found = parent[key]
    if (kind === 'remove') remove(parent, key)
    else if (kind === 'repeat') parent[key] = [found, structuredClone(found)]
    else if (kind === 'case' && typeof found === 'string') parent[key] = swapCase(found, at)
    else if (kind === 'insert' && typeof found === 'object' && found && !Array.isArray(found))
      Object.defineProperty(found, typeof odd === 'string' ? odd.slice(0, 20) : 'x', {
        value: odd,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    else parent[key] = odd
  }
  return root.value
}

function remove(parent: Record<string, unknown> | unknown[], key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else Reflect.deleteProperty(parent, key)
}

type Place = readonly [parent: Record<string, unknown>, key: string]

function placesIn(root: object): Place[] {
  return Object.entries(root).flatMap(([key, value]): Place[] => [
    [root as Record<string, unknown>, key],
    ...(typeof value === 'object' && value ? placesIn(value as object) : []),
  ])
}

/** A text with these changes of its characters. */
export const mutateText = (text: string, changes: readonly Mutation[]): string =>
  changes.reduce((result, { at, kind, text: odd }) => {
    const from = at % (result.length + 1)
    const rest = result.slice(from + 1)
    if (kind === 'remove') return result.slice(0, from) + rest
    if (kind === 'replace') return result.slice(0, from) + odd + rest
    if (kind === 'repeat') return result + result.slice(from)
    if (kind === 'case') return swapCase(result, at)
    return result.slice(0, from) + odd + result.slice(from)
  }, text)

function swapCase(text: string, at: number): string {
  const index = at % Math.max(1, text.length)
  const character = text[index] ?? ''
  const lower = character.toLowerCase()
  return (
    text.slice(0, index) + (character === lower ? character.toUpperCase() : lower) + text.slice(index + 1)
  )
}

/** JSON, and no text at all for what is nothing any more. */
export const stringify = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value))
