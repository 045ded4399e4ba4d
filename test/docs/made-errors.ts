// Which errors the library makes, read from its source by types: no class, factory or file is known here by name.
import ts from 'typescript'

/** What {@link readErrors} finds. */
export interface LibraryErrors {
  /** Every code that an error can have. */
  readonly codes: readonly string[]
  /** Each code with each recovery with which an error is made somewhere. */
  readonly made: readonly (readonly [code: string, recovery: string])[]
}

/** A node and every one below it. */
export function nodesOf(node: ts.Node): ts.Node[] {
  const found = [node]
  ts.forEachChild(node, (child) => {
    found.push(...nodesOf(child))
  })
  return found
}

export const isText = (node: ts.Node): node is ts.StringLiteralLike => ts.isStringLiteralLike(node)

const textsIn = (node: ts.Node | undefined): string[] =>
  node
    ? nodesOf(node)
        .filter(isText)
        .map(({ text }) => text)
    : []

/** An expression that makes an error: `new`, `super(…)`, or the call of a function that gives or throws one. */
type Making = ts.NewExpression | ts.CallExpression

/** An error that a function or a constructor makes. */
interface Product {
  /** The code, or the parameter that it comes from. */
  readonly code: string | ts.Symbol
  /** The recoveries, unless the caller names others. */
  readonly recoveries: readonly string[]
  /** The parameter by which the caller may. */
  readonly details?: ts.Symbol | undefined
}

/**
 * Reads the errors that the source of an entry makes. A code and a recovery count where they are written: in the call that
 * makes the error, in one that hands them on, or side by side in a list.
 *
 * @param entry Its exports have at least one class whose instances have `code` and `recovery`.
 * @param folder Where the source is.
 */
export function readErrors(entry: string, folder: string, configuration: string): LibraryErrors {
  const { config } = ts.readConfigFile(configuration, (path) => ts.sys.readFile(path)) as { config: unknown }
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, folder)
  const program = ts.createProgram(fileNames, options)
  const checker = program.getTypeChecker()

  const literals = (type: ts.Type): string[] =>
    (type.isUnion() ? type.types : [type]).flatMap((one) => (one.isStringLiteral() ? [one.value] : []))
  const memberType = (type: ts.Type, name: string): ts.Type | undefined => {
    const member = type.getProperty(name)
    return member && checker.getTypeOfSymbol(member)
  }
  const source = program.getSourceFile(entry)
  const module = source && checker.getSymbolAtLocation(source)
  const instances = (module ? checker.getExportsOfModule(module) : []).map((symbol) =>
    checker.getDeclaredTypeOfSymbol(
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    ),
  )
  const base = instances.find(
    (type) => type.isClass() && memberType(type, 'code') && memberType(type, 'recovery'),
  )
  const codes = base ? literals(memberType(base, 'code')!) : []
  const recoveries = base ? literals(memberType(base, 'recovery')!) : []

  const nodes = program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(folder))
    .flatMap(nodesOf)

  /** Whether a type is one of the library's errors. */
  const isError = (type: ts.Type): boolean => {
    const code = memberType(type, 'code')
    return (
      code !== undefined &&
      type.getProperty('recovery') !== undefined &&
      literals(code).some((one) => codes.includes(one))
    )
  }
  const makerOf = (node: Making): ts.SignatureDeclaration | undefined => {
    const signature = checker.getResolvedSignature(node)
    const declaration = signature?.declaration as ts.SignatureDeclaration | undefined
    if (!declaration?.getSourceFile().fileName.startsWith(folder)) return undefined
    const result = signature!.getReturnType()
    return isError(result) || result.flags & ts.TypeFlags.Never ? declaration : undefined
  }
  const makers = new Map<Making, ts.SignatureDeclaration>()
  for (const node of nodes) {
    if (!ts.isNewExpression(node) && !ts.isCallExpression(node)) continue
    const maker = makerOf(node)
    if (maker) makers.set(node, maker)
  }

  const parameterOf = (
    maker: ts.SignatureDeclaration,
    fits: (type: ts.Type) => boolean,
  ): ts.Symbol | undefined =>
    maker.parameters
      .map(({ name }) => checker.getSymbolAtLocation(name))
      .find((symbol) => symbol && fits(checker.getTypeOfSymbol(symbol)))
  const argumentFor = (making: Making, parameter: ts.Symbol): ts.Expression | undefined => {
    const declaration = parameter.valueDeclaration as ts.ParameterDeclaration
    return making.arguments?.[declaration.parent.parameters.indexOf(declaration)]
  }
  /** The parameters of functions that an expression hands on. */
  const handedOn = (node: ts.Node | undefined): ts.Symbol[] =>
    (node ? nodesOf(node) : []).filter(ts.isIdentifier).flatMap((name) => {
      const symbol = checker.getSymbolAtLocation(name)
      return symbol?.valueDeclaration && ts.isParameter(symbol.valueDeclaration) ? [symbol] : []
    })
  const recoveriesIn = (node: ts.Node | undefined): string[] =>
    (node ? nodesOf(node) : [])
      .filter((one) => ts.isPropertyAssignment(one) && one.name.getText() === 'recovery')
      .flatMap(textsIn)
      .filter((text) => recoveries.includes(text))
  const takesDetails = (type: ts.Type): boolean =>
    checker.getNonNullableType(type).getProperty('recovery') !== undefined

  const known = new Map<ts.SignatureDeclaration, readonly Product[]>()
  function productsOf(maker: ts.SignatureDeclaration): readonly Product[] {
    const before = known.get(maker)
    if (before) return before
    known.set(maker, []) // what calls itself makes nothing by that
    const inside = nodesOf(maker).filter((node): node is Making => makers.has(node as Making))
    const code = parameterOf(
      maker,
      (type) => literals(type).length > 0 && literals(type).every((one) => codes.includes(one)),
    )
    const products =
      inside.length === 0 && code
        ? [
            {
              code,
              recoveries: textsIn(maker).filter((text) => recoveries.includes(text)),
              details: parameterOf(maker, takesDetails),
            },
          ]
        : inside.flatMap(madeBy)
    known.set(maker, products)
    return products
  }
  /** What one expression makes, as far as it says so. */
  function madeBy(making: Making): Product[] {
    return productsOf(makers.get(making)!).flatMap((product) => {
      const details = product.details && argumentFor(making, product.details)
      const said = recoveriesIn(details)
      const rest = {
        recoveries: said.length > 0 ? said : product.recoveries,
        details: handedOn(details).find((symbol) => takesDetails(checker.getTypeOfSymbol(symbol))),
      }
      if (typeof product.code === 'string') return [{ ...rest, code: product.code }]
      const given = argumentFor(making, product.code)
      const texts = textsIn(given).filter((text) => codes.includes(text))
      return (texts.length > 0 ? texts : handedOn(given)).map((code) => ({ ...rest, code }))
    })
  }

  const made = [...makers.keys()]
    .flatMap(madeBy)
    // Where a caller decides, it is the caller's.
    .flatMap(({ code, details, recoveries: all }) =>
      typeof code === 'string' && !details ? all.map((recovery) => [code, recovery] as const) : [],
    )
  // Where a list says which answer becomes which error; one that names no code is that of its name.
  const listed = nodes.filter(ts.isArrayLiteralExpression).flatMap((list) => {
    const texts = list.elements.filter(isText).map(({ text }) => text)
    const name = ts.isPropertyAssignment(list.parent) ? list.parent.name.getText() : ''
    const code = texts.find((text) => codes.includes(text)) ?? (codes.includes(name) ? name : undefined)
    const recovery = texts.find((text) => recoveries.includes(text))
    if (code === undefined) return []
    return recovery === undefined && code !== name ? [] : [[code, recovery ?? 'authorize'] as const]
  })
  return { codes, made: [...made, ...listed] }
}
