import type { Database } from '../../platform/database.js'
import type { Platform } from '../../platform/platform.js'
import { encodeBase64url } from '../../protocol/base64url.js'
import { subjectKeyKey, syncedKey } from './keys.js'

/** The key that names users in the records of this browser. It cannot be exported where the browser stores keys: what is copied off the device names nobody then. */
interface NamingKey {
  readonly v: 1
  /** Tells one key from another: site data may have been cleared since. */
  readonly id: string
  /** Its bytes where the browser stores no `CryptoKey`. */
  readonly key: CryptoKey | Uint8Array<ArrayBuffer>
}

/** What a change of the database does, as `Database.change` takes it. */
type Change<Result> = (
  current: readonly unknown[],
) => readonly [writes: Readonly<Record<string, unknown>>, result: Result]

/** A platform in whose database records name the app's users by an HMAC, while whoever uses it sees their ids. */
export interface HiddenSubjects {
  readonly platform: Platform
  /** The user of a record that was read before it was known who is signed in: the id where that is who it is. */
  readonly revealSubject: (subject: string) => Promise<string>
}

/** Begins what stands for a user's id in a record. */
const mark = 'hmac:'

/** Result of one try to change the database; or why it is done once more. */
type Try<Result> =
  | { readonly outcome: Result }
  /** A user whose name must be known first. */
  | { readonly unknown: string }
  /** The key that other pages use by now. */
  | { readonly adopt: NamingKey }

/**
 * Hides users' ids in IndexedDB. A record of another user is read as it is: its name equals nobody's id. Apps without users of
 * their own have nothing to hide, and get no key.
 *
 * Records of older versions hold ids. They are rewritten when they are first listed.
 *
 * @param current The app's user, as `Subject.current`.
 */
export function hideSubjects(given: Platform, current: () => string | null | undefined): HiddenSubjects {
  const { database } = given
  const names = createNames(database)
  let isMigrated = false

  const hidden: Database = {
    async get(key) {
      await names.learn(current())
      const value = await database.get(names.hideKey(key))
      const shown = names.show(value)
      if (shown !== value || !subjectOf(value)?.startsWith(mark)) return shown
      // Another user's; or the name is one under another key, since site data was cleared.
      const stored = await database.get(subjectKeyKey)
      if (!names.isOther(stored)) return shown
      names.adopt(stored)
      return hidden.get(key)
    },

    async entries(few) {
      await names.learn(current())
      const entries = await database.entries(few)
      const stored = entries.find(([key]) => key === subjectKeyKey)?.[1]
      if (names.isOther(stored)) {
        names.adopt(stored)
        return hidden.entries(few)
      }
      const former = isMigrated ? [] : entries.filter(isFormer)
      if (former.length > 0) {
        // Of a few of the records, there may be more.
        isMigrated = few === undefined
        // What cannot be written now is rewritten by the next page.
        await migrate(database, hidden, former).catch(() => undefined)
      }
      return entries
        .filter(([key]) => key !== subjectKeyKey)
        .map(([key, value]) => [names.showKey(key), names.show(value)])
    },

    async change<Result>(keys: readonly string[], change: Change<Result>) {
      await names.learn(current())
      for (;;) {
        const result = await database.change(
          [...keys.map(names.hideKey), subjectKeyKey],
          attempt(names, current, change),
        )
        if ('outcome' in result) return result.outcome
        if ('adopt' in result) names.adopt(result.adopt)
        await names.learn('unknown' in result ? result.unknown : current())
      }
    },
  }
  return {
    platform: Object.create(given, {
      database: { value: hidden, writable: true, enumerable: true },
    }) as Platform,
    async revealSubject(subject) {
      await names.learn(current())
      return names.reveal(subject)
    },
  }
}

/** One try of a change, on records with names in the place of ids. */
const attempt =
  <Result>(
    names: Names,
    current: () => string | null | undefined,
    change: Change<Result>,
  ): Change<Try<Result>> =>
  (values) => {
    const stored = values.at(-1)
    if (names.isOther(stored)) return [{}, { adopt: stored }]
    const user = current()
    if (names.isUnknown(user)) return [{}, { unknown: user }]
    const [writes, outcome] = change(values.slice(0, -1).map(names.show))
    const unknown = Object.values(writes).map(subjectOf).find(names.isUnknown)
    if (unknown !== undefined) return [{}, { unknown }]
    return [{ ...names.hide(writes), ...names.keep(stored) }, { outcome }]
  }

type Names = ReturnType<typeof createNames>

/** A record of an older version: it holds the id of a user, or is kept under it. */
const isFormer = ([key, value]: readonly [string, unknown]): boolean =>
  isId(subjectOf(value)) || (key.startsWith(syncedKey('')) && isId(key.slice(syncedKey('').length)))

/** Writes records of older versions again, by which their ids are hidden; the times that are kept under an id are dropped. */
async function migrate(
  database: Database,
  hidden: Database,
  entries: readonly (readonly [string, unknown])[],
): Promise<void> {
  const keys = entries.filter(([, value]) => isId(subjectOf(value))).map(([key]) => key)
  await hidden.change(keys, (values) => [
    Object.fromEntries(keys.map((key, index) => [key, values[index]] as const)),
    undefined,
  ])
  const dropped = entries.map(([key]) => [key, undefined] as const).filter(([key]) => !keys.includes(key))
  await database.change([], () => [Object.fromEntries(dropped), undefined])
}

const isId = (subject: string | undefined): subject is string =>
  subject !== undefined && subject !== '' && !subject.startsWith(mark)

/** The user that a record names. */
function subjectOf(value: unknown): string | undefined {
  const { subject } = Object(value) as { readonly subject?: unknown }
  return typeof subject === 'string' ? subject : undefined
}

/** The names of the users that this page knows, under the key of this browser. */
function createNames(database: Database) {
  let naming: Promise<NamingKey> | undefined
  let own: NamingKey | undefined
  let nameOf = new Map<string, string>()
  let idOf = new Map<string, string>()
  const reveal = (subject: string): string => idOf.get(subject) ?? subject
  const hideName = (subject: string): string => nameOf.get(subject) ?? subject
  const prefix = syncedKey('')
  const mapKey = (key: string, map: (name: string) => string): string =>
    key.startsWith(prefix) ? prefix + map(key.slice(prefix.length)) : key
  const mapSubject = (value: unknown, map: (subject: string) => string): unknown => {
    const subject = subjectOf(value)
    return subject === undefined || map(subject) === subject
      ? value
      : { ...(value as object), subject: map(subject) }
  }

  return {
    reveal,
    show: (value: unknown): unknown => mapSubject(value, reveal),
    hide: (writes: Readonly<Record<string, unknown>>): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(writes).map(([key, value]) => [mapKey(key, hideName), mapSubject(value, hideName)]),
      ),
    hideKey: (key: string): string => mapKey(key, hideName),
    showKey: (key: string): string => mapKey(key, reveal),
    isUnknown: (subject: string | null | undefined): subject is string =>
      isId(subject ?? undefined) && !nameOf.has(subject ?? '') && canName(),
    isOther: (stored: unknown): stored is NamingKey =>
      own !== undefined && isNamingKey(stored) && stored.id !== own.id,
    /** Site data was cleared while this page was open: the key is stored again. */
    keep: (stored: unknown): Readonly<Record<string, unknown>> =>
      own && !isNamingKey(stored) ? { [subjectKeyKey]: own } : {},
    adopt(stored: NamingKey) {
      own = stored
      naming = Promise.resolve(stored)
      nameOf = new Map()
      idOf = new Map()
    },
    async learn(subject: string | null | undefined): Promise<void> {
      if (subject == null || !isId(subject) || nameOf.has(subject) || !canName()) return
      naming ??= openKey(database)
      naming.catch(() => (naming = undefined))
      const used = await naming
      own ??= used
      const mac = await crypto.subtle.sign('HMAC', await usable(used.key), new TextEncoder().encode(subject))
      // Another page's key was adopted meanwhile.
      if (own !== used && own.id !== used.id) return
      const name = mark + encodeBase64url(new Uint8Array(mac))
      nameOf.set(subject, name)
      idOf.set(name, subject)
    },
  }
}

/** Without Web Crypto nothing can be connected, so there is nothing to hide. */
const canName = (): boolean => (globalThis.crypto as Crypto | undefined)?.subtle !== undefined

const isNamingKey = (value: unknown): value is NamingKey => {
  const { v, id, key } = Object(value) as Partial<NamingKey>
  const isKey = key instanceof Uint8Array || (Object(key) as Partial<CryptoKey>).extractable === false
  return v === 1 && typeof id === 'string' && isKey
}

const algorithm = { name: 'HMAC', hash: 'SHA-256', length: 256 }

const usable = (key: NamingKey['key']): CryptoKey | Promise<CryptoKey> =>
  key instanceof Uint8Array ? crypto.subtle.importKey('raw', key, algorithm, false, ['sign']) : key

/** The key of this browser; the first page makes it. */
async function openKey(database: Database): Promise<NamingKey> {
  const stored = await database.get(subjectKeyKey)
  if (isNamingKey(stored)) return stored
  const keep = (key: NamingKey['key']): Promise<NamingKey> =>
    database.change([subjectKeyKey], ([found]) => {
      const made: NamingKey = { v: 1, id: encodeBase64url(crypto.getRandomValues(new Uint8Array(16))), key }
      return isNamingKey(found) ? [{}, found] : [{ [subjectKeyKey]: made }, made]
    })
  const key = await crypto.subtle.generateKey(algorithm, false, ['sign'])
  // The first failure may pass. Some browsers store no CryptoKey at all: WebKit needs the system's key store for that.
  return keep(key)
    .catch(() => keep(key))
    .catch(() => keep(crypto.getRandomValues(new Uint8Array(32))))
}
