import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/protocol/digest.js'
import { postgresMigration } from '../support/docs-sql.js'
import { startPostgres, type PostgresServer, type PostgresStandby } from '../support/postgres-server.js'
import { describeKillTests } from './support/kill-tests.js'
import {
  anHour,
  askToken,
  expectReauthorization,
  expectUsable,
  startPair,
  type Pair,
} from './support/pair.js'
import { query, startPostgresStore } from './support/postgres-store.js'
import { begin, connect } from './support/replicas.js'
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js'

describeKillTests('on one PostgreSQL', startPostgresStore, { hasServer: true })

let pair: Pair | undefined
let proxy: TcpProxy | undefined
const servers: PostgresServer[] = []

afterEach(async () => {
  await pair?.close()
  pair = undefined
  await proxy?.close()
  proxy = undefined
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

/** Replicas that reach PostgreSQL by way of the proxy. */
async function start(setup: Parameters<typeof startPair>[1] = {}): Promise<Pair> {
  const at = `postgres://postgres@127.0.0.1:${String(proxy?.port)}/postgres`
  return (pair = await startPair({ kind: 'postgres', at }, setup))
}

describe('connections to PostgreSQL that break', () => {
  let server: PostgresServer

  beforeEach(async () => {
    servers.push((server = await startPostgres()))
    await query(server.url, postgresMigration())
    proxy = await startTcpProxy(server.port)
  })

  test('all at once in the middle of a refresh cost nothing', async () => {
    const { one, two, server: bank } = await start()
    const { id, accessToken } = await connect(one, bank)
    const hold = bank.hold('after')
    const asked = askToken(one, id, await sha256(accessToken))
    await hold.reached
    await query(
      server.url,
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
    )
    hold.release()
    expect((await asked).status).toBe(200)
    await expectUsable(pair!, two, id)
  })

  test.each(['request', 'answer'] as const)(
    'before any %s in a refresh has passed: no refresh token is used twice, and none is lost',
    async (what) => {
      const { one, two, server: bank } = await start()
      let cuts = 0
      for (let statement = 1; ; statement += 1) {
        const { id, accessToken } = await connect(one, bank)
        const rejected = await sha256(accessToken)
        const cut = proxy!.cut(what, statement)
        await askToken(one, id, rejected)
        if (!cut()) break
        cuts += 1
        // Whatever was answered: the next replica that is asked has a good one.
        const { status, body } = await askToken(two, id, rejected)
        expect([statement, status]).toEqual([statement, 200])
        expect(bank.isNewest(body.access_token)).toBe(true)
        await expectUsable(pair!, two, id)
      }
      // Read, claim, and conclude: each reads and writes.
      expect(cuts).toBeGreaterThanOrEqual(5)
    },
  )

  test.each(['request', 'answer'] as const)(
    'before any %s in a redemption has passed: the code is spent once, and asking again gives the connection',
    async (what) => {
      const { one, two, server: bank } = await start()
      for (let statement = 1; ; statement += 1) {
        const proof = await begin(one, bank)
        const spent = bank.count('authorization_code')
        const cut = proxy!.cut(what, statement)
        await one.call('POST', '/basis/token', proof)
        const wasCut = cut()
        const { status, body } = await two.call('POST', '/basis/token', proof)
        expect([statement, status]).toEqual([statement, 200])
        expect(bank.count('authorization_code')).toBe(spent + 1)
        await expectUsable(pair!, two, body.connection.id)
        if (!wasCut) break
      }
    },
  )
})

describe('a standby that is promoted', () => {
  let primary: PostgresServer
  let standby: PostgresStandby

  async function prepare(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    servers.push((primary = await startPostgres()))
    await query(primary.url, postgresMigration())
    servers.push((standby = await primary.startStandby()))
    proxy = await startTcpProxy(primary.port)
    const set = Object.entries(settings).map(([name, value]) => `ALTER SYSTEM SET ${name} = '${value}'`)
    await query(primary.url, ...set, 'SELECT pg_reload_conf()')
  }

  async function failOver(): Promise<void> {
    await primary.kill()
    await standby.promote()
    proxy?.to(standby.port)
  }

  test('has every token where the primary waits for it (synchronous_standby_names)', async () => {
    await prepare({ synchronous_standby_names: '*' })
    const { one, two, server } = await start()
    const { id, accessToken } = await connect(one, server)
    expect((await askToken(one, id, await sha256(accessToken))).status).toBe(200)
    await failOver()
    await expectUsable(pair!, two, id)
    expect(server.count('refresh_token')).toBe(2)
  })

  /** The standby lacks the refresh: it was away when that was written. */
  async function loseRefresh(): Promise<{ readonly id: string; readonly accessToken: string }> {
    const { one, server } = pair!
    const connection = await connect(one, server)
    await standby.catchUp()
    await standby.kill()
    expect((await askToken(one, connection.id, await sha256(connection.accessToken))).status).toBe(200)
    await primary.kill()
    await standby.restart()
    await failOver()
    return connection
  }

  test('and lacks the last refresh leaves a connection that says it must be renewed', async () => {
    await prepare()
    const { two } = await start()
    const { id, accessToken } = await loseRefresh()
    // It works until the API refuses its token; the bank then sees a refresh token for the second time.
    expect((await askToken(two, id)).body.access_token).toBe(accessToken)
    expect((await askToken(two, id, await sha256(accessToken))).status).toBe(409)
    await expectReauthorization(two, id)
  })

  test('and lacks the last refresh costs nothing where refresh tokens may be used again', async () => {
    await prepare()
    const { two } = await start({ rotates: false })
    const { id } = await loseRefresh()
    await two.pass(anHour)
    await expectUsable(pair!, two, id)
  })

  test('and lacks the last connection answers that it is unknown, so that the page lets go of it', async () => {
    await prepare()
    const { one, two, server } = await start()
    await standby.catchUp()
    await standby.kill()
    const { id } = await connect(one, server)
    await primary.kill()
    await standby.restart()
    await failOver()
    const { status, body } = await askToken(two, id)
    expect([status, body.error]).toEqual([404, 'unknown_connection'])
  })

  test('that cannot write yet is the backend’s own failure, and nothing is sent to the provider', async () => {
    await prepare()
    const { one, two, server } = await start()
    const { id, accessToken } = await connect(one, server)
    await standby.catchUp()
    await primary.kill()
    proxy?.to(standby.port)
    const { status, body } = await askToken(two, id, await sha256(accessToken))
    expect([status, body.error]).toEqual([503, 'backend_unavailable'])
    expect(server.count('refresh_token')).toBe(0)
    await standby.promote()
    await expectUsable(pair!, two, id)
  })
})
