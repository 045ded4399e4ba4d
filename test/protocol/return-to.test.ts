import fc from 'fast-check'
import { expect, test } from 'vitest'
import { safeReturnTo } from '../../src/protocol/return-to.js'

const origin = 'https://app.example'
const callbackPaths = ['/callback/stitch', '/callback/apiture']
const guard = (value: unknown) =>
  safeReturnTo(value, origin, ({ pathname }) => callbackPaths.includes(pathname))

const refused = [
  '//evil',
  '///evil',
  '/\\evil',
  '\\\\evil',
  '\\/evil',
  'https://evil',
  'https://app.example.evil/',
  'https://app.example:8443/',
  'https://app.example//evil',
  'https://app.example/\\evil',
  'https://ada@app.example/',
  'http://app.example/',
  'https:evil',
  'https:/evil',
  'HTTPS://evil',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'data:text/html,x',
  'blob:https://app.example/x',
  '/\t/evil',
  '/\n/evil',
  '/\r/evil',
  '\t//evil',
  ' //evil',
  ' /accounts',
  './/evil',
  '/.//evil',
  '/..//evil',
  '/a/..//evil',
  '/%2e//evil',
  '//app@evil',
  '//app.example@evil/',
  'accounts',
  './accounts',
  '?x',
  '#x',
  '',
  '/a\\b',
  '/a\u0000b',
  '/a\u007fb',
  '/a\u0085b',
  '/callback/stitch',
  '/callback/apiture?code=a&state=b',
  '/x/../callback/stitch',
  `/${'a'.repeat(2048)}`,
  undefined,
  null,
  7,
  ['/accounts'],
  { toString: () => '/accounts' },
]

test.each(refused)('%j goes to the start page', (value) => {
  expect(guard(value)).toBe('/')
})

test.each([
  '/',
  '/accounts',
  '/a?b#c',
  '/%2f/x',
  '/callback/stitch/done',
  '/callback',
  '/x?next=https://evil',
  '/@evil',
  '/a//b',
  `/${'a'.repeat(2047)}`,
])('%s stays', (value) => {
  expect(guard(value)).toBe(value)
})

test('a whole URL of this origin is a place inside the app', () => {
  expect(guard('https://app.example/accounts?tab=2#top')).toBe('/accounts?tab=2#top')
  expect(guard('https://app.example/')).toBe('/')
  expect(guard('https://app.example/callback/stitch')).toBe('/')
})

test('a place inside the app is given back as the URL parser writes it', () => {
  expect(guard('/a/./b/../c d?é')).toBe('/a/c%20d?%C3%A9')
})

test('wherever it comes from, the result leads to this origin and to no callback', () => {
  const piece = fc.constantFrom(
    ...['/', '\\', '//', '.', '..', '%2e', '%2f', '%5c', '\t', '\n', '\r', ' ', '@', ':', '?', '#', 'evil'],
    ...[
      'https:',
      'http:',
      'javascript:',
      'data:',
      'app.example',
      'callback',
      'stitch',
      '\u2028',
      'é',
      '\ud800',
    ],
  )
  const built = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(
      fc.oneof(
        built,
        built.map((text) => `/${text}`),
        fc.string({ unit: 'binary' }),
      ),
      (value) => {
        const result = guard(value)
        expect(result).toMatch(/^\/(?![/\\])/)
        // By every way an app may use it: as a link, by location.assign, joined with its origin.
        for (const url of [new URL(result, `${origin}/some/page`), new URL(origin + result)]) {
          expect(url.origin).toBe(origin)
          expect(callbackPaths).not.toContain(url.pathname)
          expect(new URL(url.pathname, origin).origin).toBe(origin)
        }
        expect(guard(result)).toBe(result)
      },
    ),
    { numRuns: 200 },
  )
})
