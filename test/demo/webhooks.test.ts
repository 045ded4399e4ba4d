import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDemo, type Demo } from '../../demo/demo.js'
import {
  calculateCodeChallenge,
  createCodeVerifier,
  createNonce,
  createState,
} from '../../src/protocol/pkce.js'
import { eventually } from '../support/until.js'
import { createVisitor } from './banks/visitor.js'
import { makeBlankPage } from './support/blank-page.js'

const folder = makeBlankPage()
let demo: Demo

beforeAll(async () => {
  demo = await startDemo({ page: folder })
})
afterAll(async () => {
  await demo.close()
  rmSync(folder, { recursive: true })
})

/** The bank that a person chooses. */
const pennyhill = '5a40f3c61b7d4d2a9e8be0c7d1f26b93'

/** What the demo's server answers to a page of a user. */
async function call(user: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${demo.origin}${path}`, {
    method,
    headers: {
      origin: demo.origin,
      countersign: '1',
      cookie: `demo-user=${user}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return response.json()
}

/** Connects at Moneyhub, and gives the connection's id. */
async function connect(user: string): Promise<string> {
  const verifier = createCodeVerifier()
  const state = createState()
  const begun = (await call(user, 'POST', '/connect/moneyhub/authorization', {
    state,
    nonce: createNonce(),
    code_challenge: await calculateCodeChallenge(verifier),
    redirect_uri: `${demo.origin}/callback/moneyhub`,
    input: { bank_id: pennyhill },
  })) as { authorization_url: string; transaction?: string }
  const visitor = createVisitor(demo.banks.moneyhub.origin)
  await visitor.open(begun.authorization_url)
  await visitor.press('continue')
  await visitor.signIn()
  const { searchParams } = (await visitor.press('approve')).url
  const { connection } = (await call(user, 'POST', '/connect/moneyhub/token', {
    code: searchParams.get('code'),
    iss: searchParams.get('iss'),
    state,
    code_verifier: verifier,
    transaction: begun.transaction,
  })) as { connection: { id: string } }
  return connection.id
}

const toldOf = async (user: string) => ((await call(user, 'GET', '/told')) as { events: object[] }).events

test('Moneyhub tells the demo’s server when the data are there, and when the person must authorize again', async () => {
  const id = await connect('robin')
  const read = () => call('robin', 'GET', `/connect/connections/${id}/resource/accounts`)
  const common = { id, provider: 'moneyhub', verified: true }
  const synced = { ...common, name: 'syncCompleted', kind: 'synced' }
  expect(await toldOf('robin')).toEqual([])
  await read()
  await eventually(async () => expect(await toldOf('robin')).toEqual([synced]))
  demo.banks.moneyhub.control.next({ reminder: 5 })
  await read()
  const reminded = { ...common, name: 'reauthReminder', kind: 'renewal_needed' }
  await eventually(async () => expect(await toldOf('robin')).toEqual([synced, reminded]))
  expect(await toldOf('sam')).toEqual([])
})

test('the demo’s server takes no webhook that Moneyhub has not signed', async () => {
  const { status } = await fetch(`${demo.origin}/webhooks/moneyhub`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id: 'x', events: {} }),
  })
  expect(status).toBeGreaterThanOrEqual(400)
})
