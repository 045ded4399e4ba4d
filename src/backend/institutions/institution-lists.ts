import type { InstitutionDocument } from '../../protocol/contract.js'
import { parseSecureUrl } from '../../protocol/secure-url.js'
import type { ProviderInstitutions } from './provider-institutions.js'
import { sortKeyOf } from './search.js'

/** Seconds for which a list is good. */
const goodSeconds = 3600

/** Seconds for which a list is better than none, while the provider does not give a new one. */
const keptSeconds = 86_400

/** Seconds until a provider that did not answer is asked again. */
const pauseSeconds = 60

/** Most entries of one provider; the largest list known has a thousand. */
const maximumEntries = 10_000

/** A list that has been read. */
interface Known {
  readonly list: readonly InstitutionDocument[]
  /** Epoch seconds. */
  readonly readAt: number
}

interface Entry {
  known?: Known
  reading?: Promise<readonly InstitutionDocument[]>
  failed?: { readonly error: unknown; readonly at: number }
}

/** The providers' lists of institutions, in this process's memory: they are the same for all users. */
export interface InstitutionLists {
  /**
   * A provider's list, checked and sorted by name. Any number of callers cause one request.
   *
   * @throws what the source throws, where there is no list of the last day.
   */
  readonly get: (provider: string, source: ListSource) => Promise<readonly InstitutionDocument[]>
}

/** Where one caller gets a provider's list from. */
export interface ListSource {
  readonly logoOrigins: ProviderInstitutions['logoOrigins'] | undefined
  /** Counts a reading for this caller, before it begins. Rejects where it is one too many. */
  readonly count: () => Promise<void>
  readonly read: () => Promise<readonly InstitutionDocument[]>
}

/** @param now Epoch seconds. */
export function createInstitutionLists(now: () => number): InstitutionLists {
  const entries = new Map<string, Entry>()

  return {
    async get(provider, { count, read, logoOrigins = [] }) {
      const entry = entries.get(provider) ?? {}
      entries.set(provider, entry)
      const { failed } = entry
      const youngerThan = (seconds: number) =>
        entry.known && now() - entry.known.readAt < seconds ? entry.known.list : undefined
      const good = youngerThan(goodSeconds)
      if (good) return good
      try {
        if (failed && now() - failed.at < pauseSeconds) throw failed.error
        // Outside of what callers share: that one has used up a budget is no answer to the others.
        if (!entry.reading)
          await count().catch((error: unknown) => {
            if (!entry.reading) throw error
          })
        return youngerThan(goodSeconds) ?? (await (entry.reading ??= readInto(entry, read, logoOrigins)))
      } catch (error) {
        const kept = youngerThan(keptSeconds)
        if (kept) return kept
        throw error
      }
    },
  }

  async function readInto(
    entry: Entry,
    read: () => Promise<readonly InstitutionDocument[]>,
    logoOrigins: readonly string[],
  ): Promise<readonly InstitutionDocument[]> {
    try {
      const list = toList(await read(), logoOrigins)
      entry.known = { list, readAt: now() }
      delete entry.failed
      return list
    } catch (error) {
      entry.failed = { error, at: now() }
      throw error
    } finally {
      delete entry.reading
    }
  }
}

/** The usable entries, each once, sorted by name; their logos only where they lie on an origin of the provider's. */
function toList(
  read: readonly InstitutionDocument[],
  logoOrigins: readonly string[],
): readonly InstitutionDocument[] {
  const byId = new Map(
    read
      .filter(({ id, name }) => isText(id) && isText(name))
      .map(({ id, name, group, logo }): [string, InstitutionDocument] => {
        const hasGroup = isText(group) && group !== name
        const shown = toLogo(logo, logoOrigins)
        return [id, { id, name, ...(hasGroup && { group }), ...(shown !== undefined && { logo: shown }) }]
      }),
  )
  return [...byId.values()]
    .slice(0, maximumEntries)
    .map((institution) => ({ institution, key: sortKeyOf(institution) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ institution }) => institution)
}

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= 200

/** A logo's URL, unless it is elsewhere or has a query, which could tell one reader from another. */
function toLogo(value: unknown, origins: readonly string[]): string | undefined {
  const url = parseSecureUrl(value, 'browser')
  return url?.search === '' && url.href.length <= 2048 && origins.includes(url.origin) ? url.href : undefined
}
