import { describe, expect, test } from 'vitest'
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { sha256 } from '../../../src/protocol/digest.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { sessionKey, subjectKeyKey, syncedKey } from '../../../src/core/records/keys.js'
import { createScene, type Scene, type Setting } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { subjectName } from '../../support/subject-name.js'
import { eventually, settled, until } from '../../support/until.js'

const network = openNetwork()
const anna = 'anna.lind@example.com'
const berta = 'berta-0042'

/** All that lies in the browser, keys included, as text. */
const stored = async ({ browser }: Scene) => JSON.stringify([...(await browser.records())])

const ids = async (scene: Scene, setting: Setting) => {
  const { connections } = await until(scene.open('/', setting).client.connections, 'ready')
  return connections.map(({ id }) => id)
}

async function connect(scene: Scene, subject: string, name: 'bank' | 'mediated' = 'bank') {
  scene.backend.session = subject
  const url = await scene.leave(scene.open('/', { subject }), name)
  const back = name === 'bank' ? scene.server.visit(url) : scene.backend.visit(url)
  const app = scene.open(back, { subject })
  const state = await outcome(app)
  if (state.status !== 'connected') throw new Error(state.status)
  await settled()
  return { app, id: state.connection.id }
}

describe("a user's id", () => {
  test('is in no record, and its hash neither, from the click to the sign-out', async () => {
    const scene = createScene(network)
    const looks: string[] = []
    const { app } = await connect(scene, anna, 'mediated')
    looks.push(await stored(scene))
    await connect(scene, berta)
    looks.push(await stored(scene))
    await scene.leave(scene.open('/', { subject: anna }))
    looks.push(await stored(scene))
    await app.client.signOut()
    looks.push(await stored(scene))
    for (const text of looks)
      for (const id of [anna, berta])
        for (const form of [id, await sha256(id)]) expect(text).not.toContain(form)
    expect(looks[1]).toContain(await subjectName(scene.browser, berta))
  })

  test('is in no record where the browser stores no CryptoKey, and its name stays the same', async () => {
    const real = openDatabase('countersign')
    const database: Database = {
      ...real,
      change: (keys, change) =>
        real.change(keys, (records) => {
          const [writes, result] = change(records)
          if (
            Object.values(writes).some(
              (value) => (Object(value) as { key?: unknown }).key instanceof CryptoKey,
            )
          )
            throw new StorageError()
          return [writes, result]
        }),
    }
    const scene = createScene(network, { subject: anna, database })
    const app = scene.open(await scene.consent())
    const { connection } = await until(app.client.callback, 'connected')
    expect(await stored(scene)).not.toContain(anna)
    expect(await ids(scene, {})).toEqual([connection.id])
  })

  test('has a name in this browser that cannot be computed elsewhere: its key cannot be exported', async () => {
    const scene = createScene(network)
    const nameAfresh = async () => {
      for (const key of (await scene.browser.records()).keys()) await scene.browser.tamper(key, undefined)
      await until(scene.open('/', { subject: anna }).client.connections, 'ready')
      await settled()
      const { key } = (await scene.browser.records()).get(subjectKeyKey) as { key: CryptoKey }
      await expect(crypto.subtle.exportKey('raw', key)).rejects.toThrow()
      return subjectName(scene.browser, anna)
    }
    const first = await nameAfresh()
    expect(first).toMatch(/^hmac:[\w-]{43}$/)
    expect(await nameAfresh()).not.toBe(first)
  })

  test('tells the connections of two users apart, in pages that are opened later, too', async () => {
    const scene = createScene(network)
    const [first, second] = [await connect(scene, anna), await connect(scene, berta)]
    expect(await ids(scene, { subject: anna })).toEqual([first.id])
    expect(await ids(scene, { subject: berta })).toEqual([second.id])
    expect(await ids(scene, { subject: 'carla' })).toEqual([])
  })

  test('that becomes known after the response is the one that began', async () => {
    const scene = createScene(network)
    const url = await scene.leave(scene.open('/', { subject: anna }))
    let sayWho: (subject: string) => void = () => undefined
    const subject = new Promise<string>((resolve) => (sayWho = resolve))
    const app = scene.open(scene.server.visit(url), { subject })
    await settled()
    sayWho(anna)
    expect(await outcome(app)).toMatchObject({ status: 'connected' })
  })

  test('in records of an older version is recognised, and hidden from then on, whoever looks', async () => {
    const scene = createScene(network)
    const { id } = await connect(scene, anna)
    const names = { [await subjectName(scene.browser, anna)]: anna }
    for (const [key, value] of await scene.browser.records()) {
      const { subject } = Object(value) as { subject?: string }
      if (subject !== undefined && key !== sessionKey)
        await scene.browser.tamper(key, { ...(value as object), subject: names[subject] })
    }
    await scene.browser.tamper(sessionKey, await sha256(anna))
    await scene.browser.tamper(syncedKey(anna), 1)
    await scene.browser.tamper(subjectKeyKey, undefined)
    expect(await stored(scene)).toContain(anna)
    expect(await ids(scene, { subject: berta })).toEqual([])
    await eventually(async () => {
      expect(await stored(scene)).not.toContain(anna)
    })
    expect(await stored(scene)).not.toContain(await sha256(anna))
    expect(await ids(scene, { subject: anna })).toEqual([id])
  })

  test('has the same name for pages that were open while the site data was cleared', async () => {
    const scene = createScene(network)
    const page = scene.open('/', { subject: anna })
    await until(page.client.connections, 'ready')
    await settled()
    for (const key of (await scene.browser.records()).keys()) await scene.browser.tamper(key, undefined)
    const { id } = await connect(scene, anna)
    page.show()
    await eventually(() => {
      expect(page.client.connections.get()).toMatchObject({ status: 'ready', connections: [{ id }] })
    })
  })

  test('is not asked for in an app without users: it has no key', async () => {
    const scene = createScene(network)
    await outcome(scene.open(await scene.consent()))
    expect((await scene.browser.records()).has(subjectKeyKey)).toBe(false)
  })
})
