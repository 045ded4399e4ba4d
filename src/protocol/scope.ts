/** The values of a space-delimited scope, without duplicates. @see https://www.rfc-editor.org/rfc/rfc6749.html#section-3.3 */
export function parseScope(scope: string): string[] {
  return [...new Set(scope.split(' ').filter(Boolean))]
}

/** The requested scope values that were not granted; order plays no part. */
export function missingScope(requested: readonly string[], granted: readonly string[]): string[] {
  return requested.filter((value) => !granted.includes(value))
}
