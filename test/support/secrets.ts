import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'

// Codes, tokens, verifiers and nonces of the tests that ran in this file so far: the fakes report each they make.
const secrets = new Set<string>()

/** The same by how they begin, so that a text is read once and not once for each. */
const byBeginning = new Map<string, Set<string>>()
const beginningLength = 8

/** Most of them: a long run of the fuzzer makes a million, and each output is searched for every one. */
const remembered = 5_000

/** Notes a value that must appear nowhere but in the requests it belongs to. */
export function secret(value: string): string {
  secrets.add(value)
  const beginning = value.slice(0, beginningLength)
  byBeginning.set(beginning, (byBeginning.get(beginning) ?? new Set()).add(value))
  for (const oldest of secrets) {
    if (secrets.size <= remembered) break
    forget(oldest)
  }
  return value
}

function forget(value: string): void {
  secrets.delete(value)
  const beginning = value.slice(0, beginningLength)
  const same = byBeginning.get(beginning)
  same?.delete(value)
  if (same?.size === 0) byBeginning.delete(beginning)
}

/** The secrets in a text. @param lengths Of the beginnings: one that is shorter is a whole secret. */
function* secretsIn(text: string, lengths: ReadonlySet<number>): Generator<string> {
  for (const length of lengths)
    for (let at = 0; at + length <= text.length; at += 1)
      for (const known of byBeginning.get(text.slice(at, at + length)) ?? [])
        if (text.startsWith(known, at)) yield known
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
  const all = [...texts, ...texts.flatMap(decodingsOf)]
  const lengths = new Set([...byBeginning.keys()].map(({ length }) => length))
  return [...new Set(all.flatMap((text) => [...secretsIn(text, lengths)]))]
}

/** What a text holds in base64, base64url, hex or percent-encoded. */
const decodingsOf = (text: string): string[] => [
  ...(text.includes('%') ? [text.replace(/%[0-9a-f]{2}/gi, (byte) => fromHex(byte.slice(1)))] : []),
  ...[...text.matchAll(/[\w+/-]{16,}/g)].flatMap(([run]) => [
    Buffer.from(run, 'base64').toString('latin1'),
    ...(/^[0-9a-f]+$/i.test(run) ? [fromHex(run)] : []),
  ]),
]

const fromHex = (digits: string): string => Buffer.from(digits, 'hex').toString('latin1')

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
