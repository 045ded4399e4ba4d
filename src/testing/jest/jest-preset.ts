/** What Jest needs for this package. */
export interface JestPreset {
  /** The path of an environment: jsdom, with what every browser and Node have and Jest's jsdom lacks. */
  readonly testEnvironment: string
  /** Packages that are ES modules alone are transformed like the app's own files. */
  readonly transformIgnorePatterns: readonly string[]
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
  // Without the slash before the drive on Windows.
  testEnvironment: decodeURIComponent(
    new URL('./environment.js', import.meta.url).pathname.replace(/^\/(?=[A-Z]:)/i, ''),
  ),
  // npm, Yarn and pnpm, whose packages lie one folder deeper.
  transformIgnorePatterns: [
    '/node_modules/(?!(?:\\.pnpm/[^/]+/node_modules/)?(?:countersign|oauth4webapi|idb-keyval)/)',
  ],
}
