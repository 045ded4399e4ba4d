import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileReact } from '../../scripts/react-compiler.js'

const root = join(import.meta.dirname, '../..')

const filesBelow = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name))

const compile = (file: string) => compileReact(readFileSync(join(root, file), 'utf8'), file)

test('the React Compiler compiles every hook of the library', () => {
  const results = filesBelow('src/react').map(compile)
  expect(results.flatMap(({ skipped }) => skipped)).toEqual([])
  expect(results.flatMap(({ compiled }) => compiled).sort()).toEqual([
    'CountersignProvider',
    'useAuthorize',
    'useCallback',
    'useClient',
    'useConnection',
    'useConnections',
    'useInstitutions',
  ])
})

test('the React Compiler compiles every component and hook of the demo', () => {
  const results = filesBelow('demo/app').map(compile)
  expect(results.flatMap(({ skipped }) => skipped)).toEqual([])
  expect(results.flatMap(({ compiled }) => compiled)).toContain('BankCard')
})

test('what breaks the rules of React is told', () => {
  const careless = 'export function Careless() { const list = []; if (list) React.useState(0); return null }'
  const { compiled, skipped } = compileReact(careless, 'careless.tsx')
  expect(compiled).toEqual([])
  expect(skipped).toEqual([expect.stringContaining('Hooks must always be called in a consistent order')])
})
