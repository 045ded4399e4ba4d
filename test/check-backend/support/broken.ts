import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { checkBackend } from '../../../src/check-backend/check-backend.js'
import { checkOptions } from './app.js'
import { exampleFolder, startExpress } from './express.js'
import { answerRules } from '../../../src/check-backend/rules/answers.js'
import type { Variant } from './variants.js'

/**
 * Runs the check against every variant: it must notice what is missing, and blame nothing else. `intended` runs the rules
 * that must fail and those about all answers, `all` the whole table.
 */
export function testVariants(variants: readonly Variant[], which: 'intended' | 'all'): void {
  vi.setConfig({ testTimeout: 600_000 })
  // Below node_modules, where the copies find Express.
  const cache = join(import.meta.dirname, '../../../node_modules/.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'broken-backends-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  test.concurrent.each(variants.map((variant, index) => [variant.title, variant, String(index)] as const))(
    'notices a backend that %s',
    async (_, variant, name) => {
      const only = [...variant.rules, ...someOfEach, ...Object.keys(answerRules)]
      const check = await checkOptions(which === 'intended' ? { only } : {})
      const backend = await startExpress(check, makeCopy(variant, join(folder, name)))
      try {
        const { results } = await checkBackend({ ...check, baseUrl: backend.baseUrl })
        const failed = results.filter(({ name, result }) => result === 'fail' && name !== variant.sometimes)
        const problems = failed.map((rule) => `${rule.name}: ${rule.problem ?? ''}`).join('\n')
        expect(
          failed.map((rule) => rule.name),
          problems,
        ).toEqual(variant.rules)
      } finally {
        await backend.close()
      }
    },
  )
}

/** Rules that bring all kinds of answers, for those about all answers. */
const someOfEach = ['token', 'access-token', 'code-refused', 'bff-token', 'cors']

/** A copy of the example with the edits made; each must fit exactly one place. */
function makeCopy({ edits }: Variant, copy: string): string {
  cpSync(exampleFolder, copy, { recursive: true })
  for (const [file, from, to] of edits) {
    const path = join(copy, file)
    const parts = readFileSync(path, 'utf8').split(from)
    expect(parts, `${file} holds once: ${from}`).toHaveLength(2)
    writeFileSync(path, parts.join(to))
  }
  return copy
}
