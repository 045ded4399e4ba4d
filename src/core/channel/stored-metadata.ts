import { checkMetadata, type MetadataRules, type ServerMetadata } from '../../protocol/metadata.js'
import type { Platform } from '../../platform/platform.js'
import type { Provider } from '../provider.js'
import { metadataKey } from '../records/keys.js'

/** Seconds for which fetched metadata is kept for the pages to come. */
const keptSeconds = 24 * 3600

/** Metadata as it is stored, with whose it is. Signing keys are never stored: a poisoned set would outlive the script that wrote it. */
interface MetadataRecord {
  readonly v: 1
  readonly issuer: string
  readonly clientId: string
  /** Epoch seconds. */
  readonly fetchedAt: number
  readonly document: ServerMetadata
}

/** Metadata in IndexedDB, so that the page to which the person comes back asks for none. */
export interface StoredMetadata {
  /**
   * The metadata of this issuer and client, checked again; `undefined` where there is none, or it is older than a day.
   *
   * @param found The record, where it has been read already.
   */
  readonly read: (found?: { readonly stored: unknown }) => Promise<ServerMetadata | undefined>
  /** Stores it for the pages to come, or removes it. Nothing waits for it, and it may fail. */
  readonly write: (document: ServerMetadata | undefined) => void
}

/** The stored metadata of one provider. */
export function storedMetadata(
  { database, clock }: Platform,
  name: string,
  { issuer = '', clientId }: Provider,
  rules: MetadataRules,
): StoredMetadata {
  const key = metadataKey(name)
  return {
    async read(found) {
      try {
        const record = Object(found ? found.stored : await database.get(key)) as Partial<MetadataRecord>
        const isOurs = record.v === 1 && record.issuer === issuer && record.clientId === clientId
        const isRecent = Math.abs(clock.now() - Number(record.fetchedAt)) < keptSeconds
        return isOurs && isRecent ? checkMetadata({ ...record.document }, issuer, rules) : undefined
      } catch {
        // Damaged, or for a configuration that was another: then it is fetched.
        return undefined
      }
    },
    write(document) {
      const record: MetadataRecord | undefined = document && {
        v: 1,
        issuer,
        clientId,
        fetchedAt: clock.now(),
        document,
      }
      database.change([], () => [{ [key]: record }, undefined]).catch(() => undefined)
    },
  }
}
