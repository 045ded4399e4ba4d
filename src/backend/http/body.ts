import type { Json, JsonObject } from '../../protocol/contract.js'
import { readBody } from '../../protocol/http.js'
import { Refusal } from './refusal.js'

/** The largest body that a page may send: 16 KiB. */
const maximumBodyBytes = 16_384

/** Seconds that a body may take to arrive. One that never ends would keep the backend from closing. */
const maximumSeconds = 15

const maximumDepth = 8
const maximumMembers = 256

/** Names that careless code takes for something other than a member. */
const poisonous = new Set(['__proto__', 'constructor', 'prototype'])

const malformed = (reason: string): Refusal => new Refusal('invalid_request', { reason })

/**
 * Reads the JSON object of a request, bounded in bytes, depth and members, with none but the members that are named.
 *
 * @throws {Refusal} `unsupported_media_type`, `payload_too_large` or `invalid_request`.
 */
export async function readJsonBody<Name extends string>(
  request: Request,
  names: readonly Name[],
): Promise<{ readonly [N in Name]?: Json }> {
  checkJsonType(request.headers)
  const body = parse(await readText(request, maximumBodyBytes))
  if (!isObject(body)) throw malformed('body')
  if (!Object.keys(body).every((name) => (names as readonly string[]).includes(name))) {
    throw new Refusal('invalid_request', {
      description: 'The body holds a member that the contract does not have.',
      reason: 'unknown_member',
    })
  }
  return body as { readonly [N in Name]?: Json }
}

/** @throws {Refusal} `unsupported_media_type` unless the body is said to be plain JSON in UTF-8. */
export function checkJsonType(headers: Headers): void {
  const type = headers.get('content-type') ?? ''
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(type) || headers.has('content-encoding'))
    throw new Refusal('unsupported_media_type', { reason: 'content_type' })
}

/**
 * The body as text. Bytes are counted as they arrive, regardless of `Content-Length`.
 *
 * @throws {Refusal} `payload_too_large`; `invalid_request` for a body that is not UTF-8, or takes too long.
 */
export async function readText(request: Request, maximumBytes: number): Promise<string> {
  if (Number(request.headers.get('content-length') ?? 0) > maximumBytes)
    throw new Refusal('payload_too_large')
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const reading = readBody(request.body, maximumBytes, decoder).catch(() => {
    throw malformed('encoding')
  })
  const text = await inTime(reading)
  if (text === undefined) throw new Refusal('payload_too_large')
  return text
}

async function inTime<T>(reading: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(malformed('body_timeout'))
    }, maximumSeconds * 1000)
  })
  try {
    return await Promise.race([reading, late])
  } finally {
    clearTimeout(timer)
  }
}

function parse(text: string): Json {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    throw malformed('json')
  }
  let members = 0
  const visit = (part: Json, depth: number): void => {
    if (typeof part !== 'object' || part === null) return
    const entries = Object.entries(part)
    members += entries.length
    if (depth > maximumDepth || members > maximumMembers) throw malformed('shape')
    for (const [name, inner] of entries) {
      if (poisonous.has(name)) throw malformed('shape')
      visit(inner, depth + 1)
    }
  }
  visit(value, 1)
  return value
}

/** Test for a JSON object: not an array, not `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
