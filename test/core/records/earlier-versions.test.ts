// Records as earlier versions wrote them, each by its own code: in every one a person has connected two banks, refused a third, and is
// at the third again when the new version is rolled out.
import { createClient, singleUser } from 'countersign/core'
import { oidc } from 'countersign/providers'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { transactionKey } from '../../../src/core/records/keys.js'
import { createScene, providers, stateOf, type Scene } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { outcome } from '../../support/outcome.js'
import { eventually, until } from '../../support/until.js'

interface Fixture {
  /** When the records were written: epoch seconds. */
  readonly at: number
  /** The bank's page where the person is. */
  readonly authorizationUrl: string
  readonly records: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const folder = join(import.meta.dirname, 'fixtures')
const names = readdirSync(folder)
const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Fixture

const network = openNetwork()

/** A browser with the records of an earlier version, at the time they were written. */
async function upgrade(name: string): Promise<Scene & { fixture: Fixture }> {
  const fixture = read(name)
  const scene = createScene(network)
  scene.browser.clock.advance(fixture.at - scene.browser.clock.now())
  for (const [key, value] of Object.entries(fixture.records)) await scene.browser.tamper(key, value)
  return { ...scene, fixture }
}

/** The app in a page, with tokens of `other` that are stored, as they were. */
function openKeeping(browser: Scene['browser']) {
  const other = oidc({
    issuer: 'https://other.example',
    clientId: 'client-1',
    scope: 'openid accounts offline_access',
    persistTokens: true,
  })
  const { platform } = browser.open('/')
  return createClient({
    subject: singleUser,
    providers: { ...providers, other },
    backend: '/connect',
    platform,
  })
}

test('there are some', () => {
  expect(names.length).toBeGreaterThan(1)
})

describe.each(names)('with what the version of %s stored', (name) => {
  test('everything that was connected still is', async () => {
    const { browser } = await upgrade(name)
    const state = await until(openKeeping(browser).connections, 'ready')
    expect(state.connections.map(({ provider, status }) => `${provider} ${status}`).sort()).toEqual([
      'mediated connected',
      'other connected',
    ])
  })

  test('stored tokens are used', async () => {
    const { browser, fixture } = await upgrade(name)
    const client = openKeeping(browser)
    const state = await until(client.tokens('other'), 'connected')
    const [, tokens] = Object.entries(fixture.records).find(([key]) => key.startsWith('tokens:')) ?? []
    expect(await state.getAccessToken()).toBe(tokens?.['accessToken'])
  })

  test('the person who is at the bank comes back to a connection', async () => {
    const { browser, fixture, open, server } = await upgrade(name)
    const app = open(server.visit(fixture.authorizationUrl))
    expect(await outcome(app)).toMatchObject({ status: 'connected', connection: { provider: 'bank' } })
    const state = stateOf(fixture.authorizationUrl)
    expect((await browser.records()).get(transactionKey(state))).toMatchObject({ phase: 'done' })
  })

  test('one who does not come back is told so', async () => {
    const { browser, open } = await upgrade(name)
    browser.clock.advance(1000)
    const { connections } = open().client
    await eventually(() => expect(connections.get()).toMatchObject({ abandoned: [{ provider: 'bank' }] }))
  })

  test('today’s records have every member that it reads, so that it goes on after a roll-back', async () => {
    const { fixture } = await upgrade(name)
    const scene = createScene(network)
    await outcome(scene.open(scene.server.visit(await scene.leave(scene.open(), 'bank'))))
    await outcome(scene.open(scene.backend.visit(await scene.leave(scene.open(), 'mediated'))))
    await outcome(
      scene.open(scene.server.visit(await scene.leave(scene.open(), 'bank'), { error: 'access_denied' })),
    )
    await scene.leave(scene.open(), 'bank')
    const today = [...(await scene.browser.records()).values()].map(shapeOf)
    for (const record of Object.values(fixture.records)) {
      if (typeof record !== 'object' || 'accessToken' in record || record['persistent']) continue
      const shape = shapeOf(record)
      expect(
        today.filter((one) => shape.every((member) => one.includes(member))),
        JSON.stringify(record),
      ).not.toEqual([])
    }
  })
})

/** Names, types and fixed words of a record's members. */
const shapeOf = (record: unknown): string[] =>
  Object.entries(Object(record) as object).map(([name, value]) =>
    /^(?:v|phase|mode|outcome)$/.test(name) ? `${name}=${String(value)}` : `${name}: ${typeof value}`,
  )
