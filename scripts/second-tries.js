/** A reporter for vitest: names each test that passed only when it was tried again. */
export default class SecondTries {
  /** @param {import('vitest/node').TestCase} test */
  onTestCaseResult(test) {
    if (test.diagnostic()?.flaky) console.log(`second try: ${test.module.relativeModuleId}: ${test.fullName}`)
  }
}
