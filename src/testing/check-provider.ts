/** Names as they stand in a sentence. */
export const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ')

/** The name of a provider of the options. @throws {TypeError} for any other */
export function checkProvider(names: readonly string[], provider: string): string {
  if (names.includes(provider)) return provider
  throw new TypeError(`fakeBank: there is no provider "${provider}". The options have ${quoted(names)}.`)
}
