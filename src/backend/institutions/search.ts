import type { InstitutionDocument } from '../../protocol/contract.js'
import { decodeBase64url } from '../../protocol/base64url-decode.js'
import { encodeBase64url } from '../../protocol/base64url.js'

/** Entries of a page. */
const pageSize = 50

/** One page of what was found. */
export interface Page {
  readonly institutions: readonly InstitutionDocument[]
  readonly nextCursor: string | undefined
}

/**
 * A page of a sorted list: the entries whose name or group has, for every word of the query, a word that begins with it. Letters
 * count without case and accents.
 *
 * @param after The sort key of the last entry of the page before.
 */
export function findPage(
  list: readonly InstitutionDocument[],
  query: string,
  after: string | undefined,
): Page {
  const wanted = wordsOf(query)
  // Signs alone are in no name.
  const isInVain = wanted.length === 0 && query.trim() !== ''
  const rest = list.filter(
    (institution) =>
      !isInVain && (after === undefined || sortKeyOf(institution) > after) && hasWords(institution, wanted),
  )
  const institutions = rest.slice(0, pageSize)
  const last = institutions.at(-1)
  return { institutions, nextCursor: last && rest.length > pageSize ? toCursor(last) : undefined }
}

/** The place of an entry in a list, by name and then by id: it stays the same when others come and go. */
export const sortKeyOf = ({ id, name }: InstitutionDocument): string => `${fold(name)}\n${id}`

const toCursor = (institution: InstitutionDocument): string =>
  encodeBase64url(new TextEncoder().encode(sortKeyOf(institution)))

/** The sort key in a cursor; `undefined` for what is none. */
export function readCursor(cursor: string): string | undefined {
  try {
    const key = new TextDecoder('utf-8', { fatal: true }).decode(decodeBase64url(cursor))
    return key.includes('\n') ? key : undefined
  } catch {
    return undefined
  }
}

function hasWords({ name, group = '' }: InstitutionDocument, wanted: readonly string[]): boolean {
  const words = wordsOf(`${name} ${group}`)
  return wanted.every((start) => words.some((word) => word.startsWith(start)))
}

const wordsOf = (text: string): readonly string[] => fold(text).match(/[\p{L}\p{N}]+/gu) ?? []

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
