import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { entries } from '../../scripts/entries.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const settings = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'src/tsconfig.json'), (file) => ts.sys.readFile(file)).config,
  ts.sys,
  join(root, 'src'),
).options

test('no public signature has a type of oauth4webapi', { timeout: 120_000 }, () => {
  const options = { ...settings, noEmit: true, incremental: false, composite: false }
  const program = ts.createProgram(
    entries.map(({ source }) => source),
    options,
  )
  const checker = program.getTypeChecker()
  const found = new Set<string>()
  const seen = new Set<ts.Type>()

  /** Follows a type into everything that it is made of. */
  function walk(type: ts.Type, path: string): void {
    if (seen.has(type)) return
    seen.add(type)
    const symbol = type.aliasSymbol ?? type.getSymbol()
    const file = symbol?.declarations?.[0]?.getSourceFile().fileName ?? ''
    if (file.includes('/oauth4webapi/')) found.add(path)
    // Types of the platform and of React are what they are.
    else if (file === '' || file.startsWith(join(root, 'src/'))) parts(type, path)
    else for (const argument of checker.getTypeArguments(type as ts.TypeReference)) walk(argument, path)
  }

  function parts(type: ts.Type, path: string): void {
    if (type.isUnionOrIntersection()) for (const member of type.types) walk(member, path)
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      walk(signature.getReturnType(), path)
      for (const parameter of signature.getParameters()) walk(checker.getTypeOfSymbol(parameter), path)
    }
    for (const property of type.getProperties())
      walk(checker.getTypeOfSymbol(property), `${path}.${property.getName()}`)
  }

  for (const { source, specifier } of entries) {
    const file = program.getSourceFile(source)
    const module = file && checker.getSymbolAtLocation(file)
    const exported = module ? checker.getExportsOfModule(module) : []
    expect(exported).not.toHaveLength(0)
    for (const symbol of exported) {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
      const path = `${specifier}: ${symbol.getName()}`
      if (target.flags & ts.SymbolFlags.Value) walk(checker.getTypeOfSymbol(target), path)
      if (target.flags & ts.SymbolFlags.Type) walk(checker.getDeclaredTypeOfSymbol(target), path)
    }
  }
  expect([...found]).toEqual([])
})
