// The banks that a person may choose, through the app's backend.
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createBackend, memoryStore, moneyhub } from 'countersign/backend'
import { until } from '../../support/until.js'
import { backendOptionsFor, createScene, mockBank, openBank, pennyhill, type TestBank } from './scene.js'

let bank: TestBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  bank.requests.clear()
})
afterAll(() => bank.close())

/** The list as a page gets it. */
async function listOf(backend: object = {}, query?: string) {
  const scene = createScene(bank, { backend })
  const store = scene.open().client.institutions('moneyhub', { query })
  onTestFinished(store.subscribe(() => undefined))
  const settling = until(store, 'ready', 'failed')
  if (query !== undefined)
    await expect
      .poll(() => {
        scene.browser.clock.advance(1)
        return store.get().status
      })
      .not.toBe('loading')
  return { scene, state: await settling }
}

const namesOf = async (backend?: object, query?: string) =>
  (await listOf(backend, query)).state.institutions.map(({ name }) => name)

test('Moneyhub’s banks are listed without its mock bank, from the public list, without any personal data', async () => {
  expect(await namesOf()).toEqual(['Old Quay Building Society', 'Pennyhill Bank'])
  const lists = bank.requests.all.filter(({ path }) => path.endsWith('-connections'))
  expect(lists).toMatchObject([
    { method: 'GET', path: '/oidc/.well-known/all-connections', parameters: { clientId: bank.clientId } },
  ])
  expect(Object.keys(lists[0]?.parameters ?? {})).toEqual(['clientId'])
  expect(lists[0]?.headers).not.toHaveProperty('authorization')
  expect(lists[0]?.headers).not.toHaveProperty('cookie')
})

test('Moneyhub’s banks are found by the beginning of a word', async () => {
  expect(await namesOf({}, 'quay')).toEqual(['Old Quay Building Society'])
})

test('another of Moneyhub’s lists is read where the backend names it', async () => {
  expect(await namesOf({ institutionList: 'test' })).toEqual(['Moneyhub Open Banking Mock'])
})

test('the list holds no bank that the backend does not let pages choose', async () => {
  expect(await namesOf({ bankIds: [mockBank] })).toEqual(['Moneyhub Open Banking Mock'])
})

test('there is no list where the backend lets people choose among groups alone, at Moneyhub', async () => {
  const options = backendOptionsFor(bank)
  expect(moneyhub({ ...options, bankIds: ['api', 'legacy'] })).not.toHaveProperty('institutions')
  expect(() => moneyhub({ ...options, bankIds: ['api'], institutionList: 'api' })).toThrow(
    '`bankIds` holds groups alone',
  )
  expect(await namesOf({ bankIds: ['api', mockBank] })).toEqual(['Moneyhub Open Banking Mock'])
})

test('a bank of the list is one that a person can connect', async () => {
  const { scene, state } = await listOf({}, 'penny')
  const [chosen] = state.institutions
  expect(chosen?.input).toEqual({ bankId: pennyhill })
  const { connection } = await scene.connect(chosen?.input)
  expect(connection.details.connectionId).toMatch(new RegExp(`^${pennyhill}:`))
})

test('a list that Moneyhub does not have is an error that can be tried again', async () => {
  const { state } = await listOf({ institutionList: 'unknown' })
  expect(state).toMatchObject({ status: 'failed', error: { code: 'provider_error' } })
})

test.each(['', 'a/b', '../x', 'all?x=1'])('refuses %j as the name of a list', (institutionList) => {
  expect(() => moneyhub({ ...backendOptionsFor(bank), institutionList })).toThrow(/`institutionList` names/)
})

test('Moneyhub’s logos are shown where they lie on the identity service, and no other', async () => {
  const { origin } = new URL(bank.issuer)
  const entries = [
    { id: 'a', name: 'A', type: 'api', iconUrl: `${origin}/icons/a.svg` },
    { id: 'b', name: 'B', type: 'api', iconUrl: 'https://tracker.example/b.svg' },
  ]
  const provider = moneyhub(backendOptionsFor(bank))
  const backend = createBackend({
    origins: ['https://app.example'],
    store: memoryStore(),
    session: () => ({ subject: 'robin' }),
    fetch: () => Promise.resolve(Response.json(entries)),
    providers: { moneyhub: provider },
  })
  const response = await backend(
    new Request('https://app.example/connect/moneyhub/institutions', {
      headers: { origin: 'https://app.example', countersign: '1' },
    }),
  )
  expect(await response.json()).toEqual({
    institutions: [
      { id: 'a', name: 'A', logo: `${origin}/icons/a.svg` },
      { id: 'b', name: 'B' },
    ],
  })
})
