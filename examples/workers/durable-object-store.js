// A store in Durable Objects: an object for each key. Cloudflare runs one instance of it in the whole world and gives it one
// request at a time, so comparing and setting are one step. Values are on disk when they count as written.
//
// Objects cannot be listed by their names, so sixteen more objects of the same class hold the names of all keys.
import { DurableObject } from 'cloudflare:workers'

/** @typedef {{ value: string, version: string, expiresAt: number }} Held */

/** The object of one key; or one of those that hold names. */
export class CountersignRecord extends DurableObject {
  async get() {
    const held = /** @type {Held | undefined} */ (await this.ctx.storage.get('held'))
    return held && held.expiresAt > Date.now() / 1000 ? held : undefined
  }

  /**
   * @param {string} value
   * @param {string | null} expectedVersion
   * @param {number} expiresAt
   */
  async put(value, expectedVersion, expiresAt) {
    if (((await this.get())?.version ?? null) !== expectedVersion) return false
    await this.ctx.storage.put('held', { value, version: crypto.randomUUID(), expiresAt })
    await this.ctx.storage.setAlarm(expiresAt * 1000)
    return true
  }

  async delete() {
    await this.ctx.storage.deleteAlarm()
    await this.ctx.storage.deleteAll()
  }

  /** What has expired is removed. A later write has moved the alarm. */
  async alarm() {
    if (!(await this.get())) await this.ctx.storage.deleteAll()
  }

  /** @param {string} name */
  async addName(name) {
    await this.ctx.storage.put(name, Date.now())
  }

  /**
   * The names after one, in their order, each with the time at which it was added last.
   *
   * @param {string | undefined} after
   * @returns {Promise<[string, number][]>}
   */
  async listNames(after) {
    const page = await this.ctx.storage.list({ limit: namesAtOnce, ...(after && { startAfter: after }) })
    return /** @type {[string, number][]} */ ([...page])
  }

  /**
   * Forgets a name, unless it has been added again since it was listed.
   *
   * @param {string} name
   * @param {number} addedAt
   */
  async removeName(name, addedAt) {
    if ((await this.ctx.storage.get(name)) === addedAt) await this.ctx.storage.delete(name)
  }
}

const namesAtOnce = 100
const shards = Array.from({ length: 16 }, (_, index) => `names:${String(index)}`)

/** @param {string} key */
const shardOf = (key) => [...key].reduce((sum, character) => sum + character.charCodeAt(0), 0) % shards.length

/** A name is added before its record is written: one without a record may be about to get it. */
const pruneAfterMilliseconds = 3_600_000

/**
 * @param {{ idFromName(name: string): object, get(id: object): any }} namespace The binding of {@link CountersignRecord}.
 * @returns {import('countersign/backend').Store}
 */
export function durableObjectStore(namespace) {
  /** @param {string} name */
  const object = (name) => namespace.get(namespace.idFromName(name))
  /** @param {string} key */
  const record = (key) => object(key)
  /** @param {string} key */
  const names = (key) => object(shards[shardOf(key)] ?? '')
  return {
    async get(key) {
      const held = await record(key).get()
      return held && { value: held.value, version: held.version }
    },
    async put(key, value, expectedVersion, expiresAt) {
      // Updates, too: a record of an earlier version of this store has no name yet.
      await names(key).addName(key)
      return record(key).put(value, expectedVersion, expiresAt)
    },
    delete: (key) => record(key).delete(),

    async *keys() {
      for (const shard of shards) {
        /** @type {string | undefined} */
        let after
        for (;;) {
          /** @type {[string, number][]} */
          const page = await object(shard).listNames(after)
          const held = await Promise.all(page.map(([key]) => record(key).get()))
          for (const [index, [key, addedAt]] of page.entries()) {
            if (held[index]) yield key
            else if (addedAt < Date.now() - pruneAfterMilliseconds)
              await object(shard).removeName(key, addedAt)
          }
          after = page.at(-1)?.[0]
          if (page.length < namesAtOnce) break
        }
      }
    },
  }
}
