import { expect, test } from 'vitest'
import { withAppState } from '../../src/core/app-state.js'

const refusalOf = (appState: unknown): unknown => {
  try {
    return withAppState({ appState })
  } catch (error) {
    return error
  }
}

test('comes back as JSON has it', () => {
  expect(withAppState({ appState: { at: new Date(0), none: undefined }, returnTo: '/a' })).toEqual({
    appState: { at: '1970-01-01T00:00:00.000Z' },
    returnTo: '/a',
  })
  for (const appState of [null, false, 0, '', []]) expect(withAppState({ appState })).toEqual({ appState })
})

test('that is left out is not there', () => {
  const input = { returnTo: '/a' }
  expect(withAppState(input)).toBe(input)
})

test('may have 2048 bytes of JSON', () => {
  const longest = 'x'.repeat(2046)
  expect(withAppState({ appState: longest })).toEqual({ appState: longest })
  expect(refusalOf(`${longest}x`)).toBeInstanceOf(TypeError)
  // Bytes, not characters.
  expect(refusalOf('ä'.repeat(1024))).toBeInstanceOf(TypeError)
})

const circle: { self?: unknown } = {}
circle.self = circle

test.each<[string, unknown]>([
  ['a function', () => undefined],
  ['a symbol', Symbol('x')],
  ['a big integer', 1n],
  ['a circle', circle],
])('that is %s is refused', (_name, appState) => {
  expect(refusalOf(appState)).toMatchObject({
    name: 'TypeError',
    message: expect.stringContaining('`appState` is not JSON') as string,
  })
})
