import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startDemo, type Demo } from '../../demo/demo.js'
import { calculateCodeChallenge, createCodeVerifier, createState } from '../../src/protocol/pkce.js'
import { provideSqlite } from '../support/sqlite.js'
import { createVisitor } from './banks/visitor.js'
import { makeBlankPage } from './support/blank-page.js'

let folder = ''

beforeEach(async () => {
  folder = makeBlankPage()
  await provideSqlite()
})

afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

const start = (): Promise<Demo> => startDemo({ page: folder, keep: join(folder, 'kept') })

interface Answers {
  readonly authorization_url: string
  readonly transaction?: string
  readonly connection: { readonly id: string }
  readonly connections: readonly { readonly id: string }[]
}

async function call(demo: Demo, method: string, path: string, body?: object): Promise<Answers> {
  const response = await fetch(`${demo.origin}/connect${path}`, {
    method,
    headers: {
      origin: demo.origin,
      countersign: '1',
      cookie: 'demo-user=robin',
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as Answers
}

async function connect(demo: Demo): Promise<string> {
  const verifier = createCodeVerifier()
  const [state, nonce] = [createState(), createState()]
  const begun = await call(demo, 'POST', '/stitch/authorization', {
    state,
    nonce,
    code_challenge: await calculateCodeChallenge(verifier),
    redirect_uri: `${demo.origin}/callback/stitch`,
  })
  const visitor = createVisitor(demo.banks.stitch.origin)
  await visitor.open(begun.authorization_url)
  await visitor.signIn()
  const { url } = await visitor.press('approve', [['scope', 'accounts']])
  const { connection } = await call(demo, 'POST', '/stitch/token', {
    code: url.searchParams.get('code'),
    state,
    code_verifier: verifier,
    transaction: begun.transaction,
  })
  return connection.id
}

test('a connection is there when the demo is started again, and nobody else reads what is kept', async () => {
  const first = await start()
  const id = await connect(first)
  await first.close()
  const second = await start()
  const { connections } = await call(second, 'GET', '/connections')
  await second.close()
  expect(connections.map((connection) => connection.id)).toEqual([id])
  for (const name of ['connections.db', 'key'])
    expect(statSync(join(folder, 'kept', name)).mode & 0o077).toBe(0)
})

test('what is kept is sealed', async () => {
  const demo = await start()
  const id = await connect(demo)
  await demo.close()
  const files = readdirSync(join(folder, 'kept')).filter((name) => name.startsWith('connections.db'))
  const bytes = files.map((name) => readFileSync(join(folder, 'kept', name), 'latin1')).join('')
  expect(bytes.includes(`connection:${id}`)).toBe(true)
  expect(bytes.includes('accessToken')).toBe(false)
})
