// oidc-provider writes advice for production use to the console. These banks are for demonstration and tests, where it
// would bury what matters.
const advice = /oidc-provider (NOTICE|WARNING)/

for (const method of ['info', 'warn'] as const) {
  const write = console[method].bind(console)
  console[method] = (...texts: unknown[]) => {
    if (!(typeof texts[0] === 'string' && advice.test(texts[0]))) write(...texts)
  }
}
