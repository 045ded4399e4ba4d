/** The values of a space-delimited scope, without duplicates. @see https://www.rfc-editor.org/rfc/rfc6749.html#section-3.3 */
export function parseScope(scope: string): string[] {
  return [...new Set(scope.split(' ').filter(Boolean))]
}

/** What was granted, without what the authorization response does not name: a URL can take away from it, and add nothing. */
export const narrowScope = (granted: readonly string[], named: string | undefined): readonly string[] =>
  named === undefined ? granted : granted.filter((value) => parseScope(named).includes(value))
