// npm run bench:contention: many callers find the token of one connection refused at the same moment, before one, four and sixteen
// replicas. Prints a table, with `-- --write` also into docs/backend-performance.md, which says what it means; ends with 1
// where a connection was refreshed more than once.
import { sha256 } from '../../src/protocol/digest.js'
import { startAuthorizationServer } from '../../test/slow/support/authorization-server.js'
import { askToken } from '../../test/slow/support/pair.js'
import { connect, startReplica } from '../../test/slow/support/replicas.js'
import type { SharedStore } from '../../test/slow/support/store-location.js'
import { machine, median, ms, quantile, table, writeTable } from './figures.js'
import { sharedStores } from './stores.js'

/** Storms that are measured, each on a connection of its own, after some that are not. */
const storms = 30
const uncounted = 10
const callers = 64

/** A line of the table. */
async function measure(store: SharedStore, count: number): Promise<string[]> {
  await store.clear()
  const server = await startAuthorizationServer()
  const setup = { store: { kind: store.kind, at: store.at }, server: server.url }
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(setup)))
  const at = (index: number) => replicas[index % count] as (typeof replicas)[number]
  const used = async (): Promise<number> =>
    (await Promise.all(replicas.map((replica) => replica.pass(0)))).reduce((sum, one) => sum + one)
  const firsts: number[] = []
  const lasts: number[] = []
  let before = 0
  for (let storm = -uncounted; storm < storms; storm += 1) {
    if (storm === 0) before = await used()
    const { id, accessToken } = await connect(at(storm + uncounted), server)
    const rejected = await sha256(accessToken)
    const begun = performance.now()
    const served = await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        const { status, body } = await askToken(at(caller), id, rejected)
        if (status !== 200 || body.access_token === accessToken) throw new Error('a caller has no new token')
        return performance.now() - begun
      }),
    )
    if (storm >= 0) {
      firsts.push(Math.min(...served))
      lasts.push(Math.max(...served))
    }
  }
  const processor = (await used()) - before
  const refreshes = server.count('refresh_token') / (uncounted + storms)
  await Promise.all(replicas.map((replica) => replica.kill()))
  await server.close()
  return [
    `${store.kind}, ${String(count)}`,
    ms(median(firsts)),
    ms(median(lasts)),
    ms(quantile(lasts, 0.9)),
    ms(processor / storms / callers),
    refreshes.toFixed(2),
  ]
}

const rows: string[][] = []
for (const open of sharedStores) {
  const store = await open()
  for (const count of [1, 4, 16]) rows.push(await measure(store, count))
  await store.close()
}
const head = [
  'store, replicas',
  'first caller served, ms',
  'all served, ms',
  'p90 ms',
  'processor ms for each',
  'upstream refreshes per connection',
]
const line = machine()
console.log(line)
table(head, rows)
if (process.argv.includes('--write')) await writeTable('bench:contention', line, [head, ...rows])
if (rows.some((row) => row.at(-1) !== '1.00')) process.exitCode = 1
