import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

// Codes, tokens, verifiers and nonces of the tests that ran in this file so far: the fakes report each they make.
const secrets = new Set<string>()

/** Notes a value that must appear nowhere but in the requests it belongs to. */
export function secret(value: string): string {
  secrets.add(value)
  return value
}

/** A new secret, of which no other knows. */
export const randomSecret = (): string => secret(randomBytes(24).toString('base64url'))

/** The secrets that can be read out of a value, by whatever way an application or an error reporter might print it. */
export function leaksOf(value: unknown): string[] {
  const texts = [
    ...everythingIn(value),
    safely(() => JSON.stringify(value) as string | undefined) ?? '',
    inspect(value, { depth: Infinity, showHidden: true }),
    safely(() => String(value)),
    // What a worker or IndexedDB would get.
    safely(() => inspect(structuredClone(value), { depth: Infinity, showHidden: true })),
  ]
  return [...secrets].filter((known) => texts.some((text) => text.includes(known)))
}

/** Every string below a value: own properties, enumerable or not, along the prototype chain. */
function everythingIn(root: unknown): string[] {
  const seen = new Set<unknown>()
  const texts: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value)
    if (value instanceof Map || value instanceof Set || value instanceof Headers) visit([...value])
    if (value instanceof URLSearchParams || value instanceof URL) texts.push(String(value))
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'string') texts.push(key)
      visit(safely(() => (value as Record<PropertyKey, unknown>)[key]))
    }
  }
  visit(root)
  return texts
}

const safely = <T>(read: () => T): T | '' => {
  try {
    return read()
  } catch {
    return ''
  }
}
