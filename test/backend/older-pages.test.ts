// Pages that were loaded before the backend was rolled out: each file has the requests that the page of that day sends, made by its own
// code. CONNECTION, CODE and HANDLE stand for what it was given.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createBench, type Answer } from './support/bench.js'

type Step = 'authorization' | 'token' | 'accessToken' | 'renewal' | 'list' | 'disconnect'

interface Recorded {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: object
}

interface Page {
  readonly requests: Readonly<Record<Step, Recorded>>
}

const folder = join(import.meta.dirname, 'pages')

/** A backend of this version, and a page of an earlier one. */
async function open(name: string) {
  const { requests } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Page
  const bench = await createBench()
  const given: Record<string, string | undefined> = {}
  const send = (step: Step): Promise<Answer> => {
    const { method, path, headers, body } = requests[step]
    const fill = (_: string, value: unknown): unknown =>
      typeof value === 'string' && /^(?:CODE|HANDLE)$/.test(value) ? given[value] : value
    const filled = path.replace('CONNECTION', given['CONNECTION'] ?? '')
    const own = { ...body, ...('connection' in (body ?? {}) && { connection: given['CONNECTION'] }) }
    return bench.call(method, filled, body && JSON.stringify(own, fill), { headers })
  }
  const begin = async (step: 'authorization' | 'renewal') => {
    const { status, body } = await send(step)
    expect([status, typeof body.expires_in]).toEqual([201, 'number'])
    given['CODE'] = bench.upstream.visit(body.authorization_url)
    given['HANDLE'] = body.transaction
  }
  const redeem = async () => {
    const answer = await send('token')
    if (answer.status === 200) given['CONNECTION'] = answer.body.connection.id
    return answer
  }
  return { ...bench, requests, given, send, begin, redeem }
}

describe.each(readdirSync(folder))('a page of %s', (name) => {
  test('connects, gets access tokens, sees its connection and disconnects', async () => {
    const { begin, redeem, send, given } = await open(name)
    await begin('authorization')
    const { status, body } = await redeem()
    expect(status).toBe(200)
    expect(body).toMatchObject({
      access_token: expect.any(String) as string,
      token_type: 'Bearer',
      connection: {
        provider: 'stitch',
        status: 'connected',
        scope: 'openid accounts balances offline_access',
        missing_scope: '',
        created_at: expect.any(Number) as number,
        details: {},
      },
    })
    expect((await send('accessToken')).body).toMatchObject({ access_token: body.access_token })
    expect((await send('list')).body).toMatchObject({ connections: [{ id: given['CONNECTION'] }] })
    expect((await send('disconnect')).body).toMatchObject({ revoked: expect.any(Boolean) as boolean })
    expect((await send('list')).body).toMatchObject({ connections: [] })
  })

  test('renews its connection, which keeps its id', async () => {
    const { begin, redeem, requests, call, send, given } = await open(name)
    await begin('authorization')
    const { connection } = (await redeem()).body
    await begin('renewal')
    const { state } = requests.renewal.body as { readonly state: string }
    const again = { ...requests.token.body, state, code: given['CODE'], transaction: given['HANDLE'] }
    const renewed = await call('POST', requests.token.path, again, { headers: requests.token.headers })
    expect(renewed.body.connection).toMatchObject({ id: connection.id, status: 'connected' })
    expect((await send('list')).body.connections).toHaveLength(1)
  })

  test('gets the same connection again where it has missed the answer', async () => {
    const { begin, redeem, upstream } = await open(name)
    await begin('authorization')
    const first = await redeem()
    const spent = upstream.requests.length
    const second = await redeem()
    expect([second.status, second.body.connection]).toEqual([200, first.body.connection])
    expect(upstream.requests).toHaveLength(spent)
  })
})
