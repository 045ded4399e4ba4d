import { ESLint } from 'eslint'
import reactHooks from 'eslint-plugin-react-hooks'
import { reactRefresh } from 'eslint-plugin-react-refresh'
import { join } from 'node:path'
import tseslint from 'typescript-eslint'
import type ts from 'typescript'
import { expect, test } from 'vitest'
import { eachProgram, type Example } from './examples.js'

/** What an app that is set up as the three projects recommend says of these examples. */
async function problemsOf(together: readonly Example[], program: ts.Program): Promise<string[]> {
  const eslint = new ESLint({
    cwd: join(import.meta.dirname, '../..'),
    overrideConfigFile: true,
    baseConfig: [
      ...tseslint.configs.recommendedTypeChecked,
      reactHooks.configs.flat['recommended-latest'],
      reactRefresh.configs.vite(),
      { files: ['**/*.{ts,tsx}'], languageOptions: { parserOptions: { programs: [program] } } },
      // An example shows what there is, and need not do anything with it.
      { rules: { '@typescript-eslint/no-unused-vars': 'off', '@typescript-eslint/require-await': 'off' } },
    ] as ESLint.Options['baseConfig'],
  })
  const results = await Promise.all(
    together.map(async ({ code, file, place }) => {
      const [result] = await eslint.lintText(code, { filePath: file })
      return (result?.messages ?? []).map(({ ruleId, message }) => `${place}: ${String(ruleId)}: ${message}`)
    }),
  )
  return results.flat()
}

test(
  'every example passes the recommended rules of typescript-eslint, React and fast refresh',
  { timeout: 240_000 },
  async () => {
    expect((await Promise.all(eachProgram(problemsOf))).flat()).toEqual([])
  },
)
