import { afterEach, describe, expect, test } from 'vitest'
import { interactionKey } from '../../../src/core/records/keys.js'
import { openDatabase, type Database } from '../../../src/platform/database.js'
import { StorageError } from '../../../src/protocol/errors.js'
import { createScene, type App } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()
const apps: App[] = []
afterEach(() => {
  for (const { client } of apps.splice(0)) client.dispose()
})

const page = 'https://as.example/interaction?id=i-1'
const back = 'https://app.example/callback/mediated?id=i-1&status=complete'

/** A page that has sent its user to an interaction, and the pages after it. */
async function open({ returnTo = '/accounts?tab=2', subject = 'robin' } = {}) {
  const scene = createScene(network, { subject })
  const visit = (url: string, who: string | null = subject): App => {
    const app = scene.open(url, { subject: who })
    apps.push(app)
    return app
  }
  const app = visit('/')
  const left = app.leaving()
  await app.client.interact('mediated', { id: 'i-1', url: page, returnTo })
  return { scene, visit, left: await left }
}

const statusOf = async ({ client }: App) => {
  await settled()
  return (await until(client.callback, 'none', 'interaction_finished', 'failed')).status
}

describe('the return from an interaction', () => {
  test('leads on to where the app said, after a reload, too', async () => {
    const { visit, left } = await open()
    expect(left).toBe(page)
    for (const app of [visit(back), visit(back)])
      expect(await until(app.client.callback, 'interaction_finished')).toEqual({
        status: 'interaction_finished',
        provider: 'mediated',
        returnTo: '/accounts?tab=2',
      })
  })

  test.each([
    ['of an id that this browser knows nothing of', back.replace('i-1', 'i-2')],
    ['at another provider’s redirect URI', back.replace('mediated', 'bff')],
    ['without a status', back.replace('&status=complete', '')],
  ])('is nothing %s', async (_, url) => {
    const { visit } = await open()
    expect(await statusOf(visit(url))).toBe('none')
  })

  test('says the same whatever `status` says, which anybody can write', async () => {
    const { visit } = await open()
    expect(await statusOf(visit(back.replace('complete', 'failed')))).toBe('interaction_finished')
  })

  test('is nothing to another user of the app', async () => {
    const { visit } = await open()
    expect(await statusOf(visit(back, 'kim'))).toBe('none')
  })

  test('is shown to a user who is known only later', async () => {
    const { scene } = await open()
    const app = scene.open(back, { subject: Promise.resolve('robin') })
    apps.push(app)
    expect(await statusOf(app)).toBe('interaction_finished')
  })

  test('is not shown again to a user who has gone on, and signs out and in', async () => {
    const { visit } = await open()
    const app = visit(back)
    expect(await statusOf(app)).toBe('interaction_finished')
    app.platform.navigation.replace('/settings', null)
    app.client.setSubject(null)
    app.client.setSubject('robin')
    expect(await statusOf(app)).toBe('none')
  })

  test('is nothing where storage does not tell, so that no other page of the app fails', async () => {
    const { scene } = await open()
    const real = openDatabase('countersign')
    const refused: Database = {
      ...real,
      get: (key) => (key.startsWith('interaction:') ? Promise.reject(new StorageError()) : real.get(key)),
    }
    const app = scene.open(back, { database: refused })
    apps.push(app)
    expect(await statusOf(app)).toBe('none')
  })

  test('is not told where the provider gave no id: the person is sent there all the same', async () => {
    const scene = createScene(network, { subject: 'robin' })
    const app = scene.open('/')
    apps.push(app)
    const left = app.leaving()
    await app.client.interact('mediated', { id: '', url: page })
    expect(await left).toBe(page)
    expect(
      [...(await scene.browser.records()).keys()].filter((key) => key.startsWith('interaction:')),
    ).toEqual([])
  })

  test('is shown once its user has signed in', async () => {
    const { visit } = await open()
    const app = visit(back, null)
    expect(await statusOf(app)).toBe('none')
    app.client.setSubject('robin')
    await until(app.client.callback, 'interaction_finished')
  })

  test('is nothing after a day, and the record goes with the next click', async () => {
    const { scene, visit } = await open()
    scene.browser.clock.advance(24 * 3600)
    const app = visit(back)
    expect(await statusOf(app)).toBe('none')
    scene.browser.clock.advance(1)
    await scene.leave(visit('/'))
    expect([...(await scene.browser.records()).keys()]).not.toContain(interactionKey('i-1'))
  })

  test('leads nowhere outside of the app, whatever storage holds', async () => {
    const { scene, visit } = await open()
    const record = (await scene.browser.records()).get(interactionKey('i-1')) as object
    await scene.browser.tamper(interactionKey('i-1'), { ...record, returnTo: 'https://evil.example/' })
    const state = await until(visit(back).client.callback, 'interaction_finished')
    expect(state.returnTo).toBe('/')
  })

  test('is forgotten when the user signs out', async () => {
    const { scene, visit } = await open()
    await visit('/').client.signOut()
    expect([...(await scene.browser.records()).keys()]).not.toContain(interactionKey('i-1'))
  })
})

describe('client.interact', () => {
  test.each([
    'https://evil.example/',
    'http://as.example/',
    'javascript:alert(1)',
    '',
    'https://a@as.example/',
  ])('sends nobody to %j', async (url) => {
    const scene = createScene(network)
    const app = scene.open('/')
    apps.push(app)
    await expect(app.client.interact('mediated', { id: 'i-1', url })).rejects.toThrow(/provider's own pages/)
    expect([...(await scene.browser.records()).keys()]).not.toContain(interactionKey('i-1'))
  })

  test.each(['a b', 'x'.repeat(129)])('refuses %j as an id', async (id) => {
    const app = createScene(network).open('/')
    apps.push(app)
    await expect(app.client.interact('mediated', { id, url: page })).rejects.toThrow(TypeError)
  })

  test('refuses while nobody is signed in', async () => {
    const app = createScene(network, { subject: null }).open('/')
    apps.push(app)
    await expect(app.client.interact('mediated', { id: 'i-1', url: page })).rejects.toMatchObject({
      code: 'sign_in_required',
    })
  })
})
