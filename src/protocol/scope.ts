/** The values of a space-delimited scope, without duplicates. @see https://www.rfc-editor.org/rfc/rfc6749.html#section-3.3 */
export function parseScope(scope: string): string[] {
  return [...new Set(scope.split(' ').filter(Boolean))]
}
