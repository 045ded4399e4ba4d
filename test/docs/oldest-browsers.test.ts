import { ESLint } from 'eslint'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { oldestBrowsers } from '../../scripts/oldest-browsers.js'

const root = join(import.meta.dirname, '../..')

test('README.md names the oldest browsers of the linter', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| (Chrome|Firefox|Safari|iOS) +\| ([\d.]+) +\|/gm)]
  expect(Object.fromEntries(rows.map(([, browser, version]) => [browser, version]))).toEqual({
    Chrome: oldestBrowsers.chrome,
    Firefox: oldestBrowsers.firefox,
    Safari: oldestBrowsers.safari,
    iOS: oldestBrowsers.safari_ios,
  })
})

describe('the linter', { timeout: 240_000 }, () => {
  /** The rules about old browsers that this expression breaks in a file of a page. */
  async function brokenBy(expression: string, filePath = 'src/platform/clock.ts'): Promise<string[]> {
    const [result] = await new ESLint({ cwd: root }).lintText(
      `export const value: unknown = ${expression}\n`,
      {
        filePath: join(root, filePath),
      },
    )
    const rules = (result?.messages ?? []).map(({ ruleId }) => String(ruleId))
    return rules.filter((rule) => /^compat|^no-restricted-(?:properties|syntax)/.test(rule))
  }

  test.each([
    "URL.canParse('x')",
    'AbortSignal.any([])',
    'AbortSignal.timeout(1)',
    'Response.json({})',
    'Promise.withResolvers()',
    "Object.groupBy(['x'], String)",
    "Object.hasOwn({}, 'x')",
    "['x'].toSorted()",
    "new Set(['x']).union(new Set())",
    'new AbortController().signal.throwIfAborted()',
    'navigator.userActivation',
    "new CompressionStream('gzip')",
    '/(?<=a)b/',
    'class { static { void 0 } }',
  ])('refuses %s in a page', async (expression) => {
    expect(await brokenBy(expression)).not.toEqual([])
  })

  test.each(['structuredClone(1)', 'crypto.randomUUID()', 'new AbortController().signal.reason'])(
    'lets %s pass',
    async (expression) => {
      expect(await brokenBy(expression)).toEqual([])
    },
  )

  test('leaves the backend alone', async () => {
    expect(await brokenBy("URL.canParse('x')", 'src/backend/options.ts')).toEqual([])
  })
})
