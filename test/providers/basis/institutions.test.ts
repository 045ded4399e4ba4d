// The platforms that a person may sign in at, through the app's backend.
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { basis, type ProviderContext } from 'countersign/backend'
import type { BasisBank } from '../../../demo/banks/basis.js'
import { until } from '../../support/until.js'
import { backendOptionsFor, createScene, openBank, otherPlatformId, type Setting } from './scene.js'

let bank: BasisBank

beforeAll(async () => {
  bank = await openBank()
})
afterEach(() => {
  bank.requests.clear()
})
afterAll(() => bank.close())

/** The list as a page gets it. */
async function listOf(setting: Setting = {}) {
  const scene = createScene(bank, setting)
  const store = scene.open().client.institutions('basis')
  onTestFinished(store.subscribe(() => undefined))
  return { scene, state: await until(store, 'ready', 'failed') }
}

test('basis 16: the platforms are those of GET /institutions, each with its institution’s name and its input', async () => {
  const { scene, state } = await listOf()
  expect(state.institutions.map(({ name, group }) => [name, group])).toEqual([
    ['Larkspur Business Online', 'Larkspur Bank'],
    ['Larkspur Commercial', 'Larkspur Bank'],
    ['Prairie Ledger', undefined],
  ])
  const commercial = state.institutions.find(({ id }) => id === otherPlatformId)
  expect(commercial?.input).toEqual({ platformId: otherPlatformId })
  await scene.connect(commercial?.input)
})

test('the app’s own token reads the list, with the scope institutions:read, and reaches no page', async () => {
  const { scene } = await listOf()
  const [request, ...more] = bank.requests.find('/oauth/token', { grant_type: 'client_credentials' })
  expect(more).toEqual([])
  expect(request?.parameters['scope']).toBe('institutions:read')
  const [list] = bank.requests.find('/institutions')
  const [, token = ''] = /^Bearer (.+)$/.exec(String(list?.headers['authorization'])) ?? []
  expect(token).not.toBe('')
  expect(scene.answers.map(({ text }) => text).join('')).not.toContain(token)
})

test('asks once for another token where the API refuses the one that is kept', async () => {
  const { institutions } = basis(backendOptionsFor(bank))
  const read = () => institutions?.read({ fetch, now: () => Date.now() / 1000 } as ProviderContext)
  const first = await read()
  await bank.control.act('expireAccessTokens')
  expect(await read()).toEqual(first)
  expect(bank.requests.find('/institutions').map(({ status }) => status)).toEqual([200, 401, 200])
  expect(bank.requests.find('/oauth/token', { grant_type: 'client_credentials' })).toHaveLength(2)
})

test('the list holds no platform that the backend does not let pages choose', async () => {
  const { state } = await listOf({ backend: { platformIds: [otherPlatformId] } })
  expect(state.institutions.map(({ id }) => id)).toEqual([otherPlatformId])
})

test('there is no list where the address of the API is not known', () => {
  const { api: _none, ...options } = backendOptionsFor(bank)
  expect(basis(options)).not.toHaveProperty('institutions')
  expect(basis(backendOptionsFor(bank))).toHaveProperty('institutions')
})
