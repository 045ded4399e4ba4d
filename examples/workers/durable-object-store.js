// A store in Durable Objects: an object for each key. Cloudflare runs one instance of it in the whole world and gives it one
// request at a time, so comparing and setting are one step. Values are on disk when they count as written.
import { DurableObject } from 'cloudflare:workers'

/** @typedef {{ value: string, version: string, expiresAt: number }} Held */

/** The object of one key. */
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
}

/**
 * @param {{ idFromName(name: string): object, get(id: object): any }} namespace The binding of {@link CountersignRecord}.
 * @returns {import('countersign/backend').Store}
 */
export function durableObjectStore(namespace) {
  /** @param {string} key */
  const record = (key) => namespace.get(namespace.idFromName(key))
  return {
    async get(key) {
      const held = await record(key).get()
      return held && { value: held.value, version: held.version }
    },
    put: (key, value, expectedVersion, expiresAt) => record(key).put(value, expectedVersion, expiresAt),
    delete: (key) => record(key).delete(),
  }
}
