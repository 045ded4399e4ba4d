import type { Store, StoreEntry } from '../backend/storage/store.js'

/** Two handles of one store, as two replicas of a backend have them, and what a rule needs beside them. */
export interface StoreUnderCheck {
  readonly store: Store
  /** The same data, by a connection of its own. */
  readonly other: Store
  /** Lets time pass, for the store's expiry. */
  readonly pass: (seconds: number) => Promise<void> | void
  /** A key that nobody else uses, with this ending. */
  readonly key: (ending?: string) => string
}

/** Thrown by a rule that the store does not keep. The message says what it did. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault'
}

/** One promise of a store. */
export interface StoreRule {
  /** The promise, as a fact. */
  readonly title: string
  /** What goes wrong in a backend whose store does not keep it. */
  readonly why: string
  /** A store without the method `keys` may leave it out. */
  readonly optional?: 'keys'
  /** @throws {StoreFault} */
  readonly run: (check: StoreUnderCheck) => Promise<void>
}

const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600
const soon = (): number => Math.ceil(Date.now() / 1000) + 1

/** Seconds after which what expires `soon` has expired, for stores that count in whole seconds, too. */
const afterwards = 2.1

function demand(isKept: boolean, fault: string): void {
  if (!isKept) throw new StoreFault(fault)
}

function isNothing(entry: unknown, what: string): void {
  demand(entry === undefined, `\`get\` gave something other than undefined for ${what}`)
}

async function read(store: Store, key: string): Promise<StoreEntry> {
  const entry = await store.get(key)
  if (entry && typeof entry.value === 'string' && typeof entry.version === 'string') return entry
  throw new StoreFault('`get` gave no `{ value, version }`, both strings, for a key that was written')
}

async function create(store: Store, key: string, value: string, until = inAnHour()): Promise<void> {
  const written = await store.put(key, value, null, until)
  demand(written, '`put` with null did not write where nothing was')
}

async function hasValue(store: Store, key: string, value: string, fault: string): Promise<void> {
  demand((await read(store, key)).value === value, fault)
}

/** Characters of the longest key that a backend writes. */
const longestKey = 130

const lostUpdate = 'two replicas may use one refresh token, and the provider ends the grant'

const basics: readonly StoreRule[] = [
  {
    title: 'has nothing under a key that nobody wrote',
    why: 'a connection would be taken for damaged',
    run: async ({ store, key }) => isNothing(await store.get(key()), 'a key that nobody wrote'),
  },
  {
    title: 'gives what was written, here and there',
    why: 'what one replica stores, the next one must read',
    async run({ store, other, key }) {
      const value = JSON.stringify({ text: 'é \u0000 \u{1F511} "' + 'x'.repeat(100_000) })
      await create(store, key(), value)
      await hasValue(store, key(), value, '`get` did not give the 100 kB of text that were written')
      await hasValue(other, key(), value, 'the other replica did not read what was written')
    },
  },
  {
    title: 'keeps keys apart',
    why: 'one connection would be given in the place of another',
    async run({ store, key }) {
      await create(store, key('a'), '1')
      await create(store, key('A'), '2')
      await create(store, key('a_'), '3')
      await store.delete(key('a'))
      isNothing(await store.get(key('a')), 'a key that was deleted')
      await hasValue(store, key('A'), '2', 'keys that differ in case were taken for one')
      await hasValue(store, key('a_'), '3', 'a key was taken for the beginning of another')
    },
  },
  {
    title: 'takes the longest keys of a backend: 130 characters with colons',
    why: 'records of users and transactions have such keys',
    async run({ store, other, key }) {
      const long = `${key()}:`.padEnd(longestKey, '-_aZ09')
      await create(store, long, '1')
      await hasValue(store, long, '1', 'a long key was cut off')
      await hasValue(other, long, '1', 'the other replica did not find a long key')
      isNothing(await store.get(long.slice(0, -1)), 'a key that is one character shorter')
      await store.delete(long)
    },
  },
  {
    title: 'deletes what is not there without complaint',
    why: 'a disconnect that is repeated would fail',
    async run({ store, key }) {
      await store.delete(key())
      isNothing(await store.get(key()), 'a key that was deleted')
    },
  },
]

const comparing: readonly StoreRule[] = [
  {
    title: 'creates only where nothing is',
    why: lostUpdate,
    async run({ store, other, key }) {
      await create(store, key(), '1')
      const again = await other.put(key(), '2', null, inAnHour())
      demand(!again, '`put` with null said true although there was a value')
      await hasValue(store, key(), '1', '`put` with null replaced a value')
    },
  },
  {
    title: 'replaces the version that was read, and changes it',
    why: lostUpdate,
    async run({ store, key }) {
      await create(store, key(), '1')
      const { version } = await read(store, key())
      demand(
        await store.put(key(), '2', version, inAnHour()),
        '`put` with the version that was read said false',
      )
      demand(!(await store.put(key(), '3', version, inAnHour())), '`put` took a version twice')
      const now = await read(store, key())
      demand(now.value === '2', '`put` that said false has written')
      demand(now.version !== version, 'a write did not change the version')
    },
  },
  {
    title: 'refuses a version that it never gave',
    why: lostUpdate,
    async run({ store, key }) {
      await create(store, key(), '1')
      const unknown = crypto.randomUUID()
      demand(!(await store.put(key(), '2', unknown, inAnHour())), '`put` took a version that was never given')
      demand(
        !(await store.put(key('none'), '2', unknown, inAnHour())),
        '`put` with a version wrote where nothing was',
      )
      isNothing(await store.get(key('none')), 'a key that nobody wrote')
    },
  },
  {
    title: 'does not replace what was deleted',
    why: 'a connection that was ended would come back',
    async run({ store, other, key }) {
      await create(store, key(), '1')
      const { version } = await read(store, key())
      await other.delete(key())
      demand(!(await store.put(key(), '2', version, inAnHour())), '`put` wrote over a value that was deleted')
      isNothing(await store.get(key()), 'a key that was deleted')
    },
  },
  {
    title: 'does not take a value made anew for the one that was read',
    why: lostUpdate,
    async run({ store, other, key }) {
      await create(store, key(), '1')
      const { version } = await read(store, key())
      await other.delete(key())
      await create(other, key(), '1')
      const written = await store.put(key(), '2', version, inAnHour())
      demand(!written, 'a value that was deleted and made anew has a version that was given before')
    },
  },
  {
    title: 'lets one of many writers win',
    why: lostUpdate,
    async run({ store, other, key }) {
      await create(store, key(), '0')
      const { version } = await read(store, key())
      const writes = Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? store : other).put(key(), String(index), version, inAnHour()),
      )
      const won = (await Promise.all(writes)).filter(Boolean).length
      demand(won === 1, `of 50 writers with one version ${String(won)} were told that they had written`)
    },
  },
  {
    title: 'lets one of many creators win',
    why: lostUpdate,
    async run({ store, other, key }) {
      const writes = Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? store : other).put(key(), String(index), null, inAnHour()),
      )
      const won = (await Promise.all(writes)).filter(Boolean).length
      demand(won === 1, `of 50 creators ${String(won)} were told that they had written`)
    },
  },
  {
    title: 'loses no update when all compare and swap',
    why: lostUpdate,
    async run({ store, other, key }) {
      const add = async (from: Store): Promise<void> => {
        for (;;) {
          const entry = await from.get(key())
          const next = String(Number(entry?.value ?? 0) + 1)
          if (await from.put(key(), next, entry?.version ?? null, inAnHour())) return
        }
      }
      await Promise.all(Array.from({ length: 40 }, (_, index) => add(index % 2 ? store : other)))
      const { value } = await read(store, key())
      demand(value === '40', `after 40 additions there were ${value}`)
    },
  },
]

const expiring: readonly StoreRule[] = [
  {
    title: 'drops what has expired, and lets it be made anew',
    why: 'a transaction that is over would be in the way of the next',
    async run({ store, key, pass }) {
      await create(store, key(), '1', soon())
      await pass(afterwards)
      isNothing(await store.get(key()), 'a key that has expired')
      await create(store, key(), '2')
      await hasValue(store, key(), '2', 'a value made anew after an expiry is not there')
    },
  },
  {
    title: 'replaces nothing that has expired',
    why: 'a transaction that is over would come back',
    async run({ store, key, pass }) {
      await create(store, key(), '1', soon())
      const { version } = await read(store, key())
      await pass(afterwards)
      demand(!(await store.put(key(), '2', version, inAnHour())), '`put` wrote over a value that has expired')
    },
  },
  {
    title: 'takes a later expiry with a later write',
    why: 'a connection that is in use would vanish',
    async run({ store, key, pass }) {
      await create(store, key(), '1', soon())
      const { version } = await read(store, key())
      demand(
        await store.put(key(), '2', version, inAnHour()),
        '`put` with the version that was read said false',
      )
      await pass(afterwards)
      await hasValue(store, key(), '2', 'a value did not take the expiry of the later write')
    },
  },
  {
    title: 'takes an expiry two years from now, and one with a fraction',
    why: 'connections are kept for that long after their last use',
    async run({ store, key }) {
      await create(store, key('long'), '1', Math.floor(Date.now() / 1000) + 63_072_000)
      await hasValue(store, key('long'), '1', 'a value that expires in two years is not there')
      await create(store, key('fraction'), '1', Date.now() / 1000 + 3600.5)
      await hasValue(store, key('fraction'), '1', 'a value with a fraction in its expiry is not there')
    },
  },
]

const listing: readonly StoreRule[] = [
  {
    title: 'lists every key that is there, and none that is not',
    why: '`reseal` would leave records under the old key',
    optional: 'keys',
    async run({ store, other, key }) {
      const names = Array.from({ length: 30 }, (_, index) => key(`list-${String(index)}`))
      await Promise.all(names.map((name) => create(store, name, '1')))
      await store.delete(key('list-7'))
      const listed = new Set<string>()
      for await (const name of other.keys?.() ?? []) listed.add(name)
      const missing = names.filter((name) => name !== key('list-7') && !listed.has(name))
      demand(missing.length === 0, `\`keys\` left out ${String(missing.length)} of 29 keys`)
      demand(!listed.has(key('list-7')), '`keys` gave a key that was deleted')
    },
  },
]

/** Every promise, in the order in which they are checked. */
export const storeRules: readonly StoreRule[] = [...basics, ...comparing, ...expiring, ...listing]
