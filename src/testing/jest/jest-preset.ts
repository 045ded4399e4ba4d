/** What Jest needs for this package. */
export interface JestPreset {
  /** The path of an environment: jsdom, with what every browser and Node have and Jest's jsdom lacks. */
  readonly testEnvironment: string
  /** Packages that are ES modules alone are transformed like the app's own files. */
  readonly transformIgnorePatterns: readonly string[]
}

/** The path of a file beside this one, without the slash before the drive on Windows. */
function pathOf(file: string): string {
  // Not in one expression, which Vite would take for an asset and inline.
  const { url } = import.meta
  return decodeURIComponent(new URL(file, url).pathname.replace(/^\/(?=[A-Z]:)/i, ''))
}

/**
 * What Jest needs to load this package, for `jest.config.js`. Your own transform for TypeScript and JSX must take `.js` files
 * as well, as `@swc/jest` and `babel-jest` do.
 *
 * It needs `jest-environment-jsdom`.
 *
 * @example
 * ```ts
 * import { jestPreset } from 'countersign/testing/jest'
 *
 * export const config = { ...jestPreset, transform: { '\\.[jt]sx?$': '@swc/jest' } }
 * ```
 */
export const jestPreset: JestPreset = {
  testEnvironment: pathOf('./environment.js'),
  // npm, Yarn and pnpm, whose packages lie one folder deeper.
  transformIgnorePatterns: [
    '/node_modules/(?!(?:\\.pnpm/[^/]+/node_modules/)?(?:countersign|oauth4webapi|idb-keyval)/)',
  ],
}
