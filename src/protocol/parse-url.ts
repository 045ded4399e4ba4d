/** Parses a URL, against a base where there is one. Gives `undefined` for what is none: `URL.canParse` and `URL.parse` are too new. */
export function parseUrl(value: string, base?: string): URL | undefined {
  try {
    return new URL(value, base)
  } catch {
    return undefined
  }
}
