import ts from 'typescript'
import { expect, test } from 'vitest'
import { eachProgram, examples, type Example } from './examples.js'

/** What the compiler says of these examples. */
function problemsOf(together: readonly Example[], program: ts.Program): string[] {
  return together.flatMap(({ file, place }) => {
    const source = program.getSourceFile(file)
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.map(({ messageText }) => `${place}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
  })
}

test('there are examples in the README and in the doc comments', () => {
  expect(examples.filter(({ place }) => place.startsWith('README.md'))).not.toHaveLength(0)
  expect(examples.filter(({ place }) => place.startsWith('src/'))).not.toHaveLength(0)
})

test('every example compiles', { timeout: 120_000 }, () => {
  expect(eachProgram(problemsOf).flat()).toEqual([])
})
