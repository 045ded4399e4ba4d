// npm run bench:scale: one, two and four replicas in a round-robin on one PostgreSQL and one Redis, and how often the
// provider is asked for each connection. Prints a table, with `-- --write` also into docs/backend-performance.md, which says what
// it means; ends with 1 where a connection was refreshed more than once.
import { sha256 } from '../../src/protocol/digest.js'
import { startAuthorizationServer } from '../../test/slow/support/authorization-server.js'
import { askToken } from '../../test/slow/support/pair.js'
import { connect, startReplica, type Replica } from '../../test/slow/support/replicas.js'
import type { SharedStore } from '../../test/slow/support/store-location.js'
import { machine, ms, quantile, table, whole, writeTable } from './figures.js'
import { sharedStores } from './stores.js'

const connections = 100
/** Requests for a token that is good. */
const reads = 4000
/** Callers who find the same token refused at once. */
const refusedTogether = 8
const atOnce = 32

interface Figures {
  readonly throughput: number
  readonly times: readonly number[]
}

/** Runs tasks, a few at once. */
async function run(tasks: readonly (() => Promise<unknown>)[]): Promise<Figures> {
  const times: number[] = []
  const queue = tasks.values()
  const begun = performance.now()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const task of queue) {
        const begin = performance.now()
        await task()
        times.push(performance.now() - begin)
      }
    }),
  )
  return { throughput: (tasks.length * 1000) / (performance.now() - begun), times }
}

const cells = ({ throughput, times }: Figures): string[] => [
  whole(throughput),
  ms(quantile(times, 0.5)),
  ms(quantile(times, 0.99)),
]

/** A line of the table; the number of refreshes that reached the provider for each connection is its last cell. */
async function measure(store: SharedStore, count: number): Promise<string[]> {
  await store.clear()
  const server = await startAuthorizationServer()
  const setup = { store: { kind: store.kind, at: store.at }, server: server.url }
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(setup)))
  let turn = 0
  const next = (): Replica => replicas[(turn += 1) % count] as Replica
  const connected: { readonly id: string; readonly accessToken: string }[] = []
  // One after another: they are all of one user, whose list each of them changes.
  while (connected.length < connections) connected.push(await connect(next(), server))
  const ask = async (index: number, isRefused = false): Promise<void> => {
    const { id = '', accessToken = '' } = connected[index % connections] ?? {}
    const { status } = await askToken(next(), id, isRefused ? await sha256(accessToken) : undefined)
    if (status !== 200) throw new Error(`asked for a token and got ${String(status)}`)
  }
  // Once for nothing, so that every process has compiled what it runs.
  await run(Array.from({ length: reads / 4 }, (_, index) => () => ask(index)))
  const used = async (): Promise<number> =>
    (await Promise.all(replicas.map((replica) => replica.pass(0)))).reduce((sum, one) => sum + one)
  const before = await used()
  const read = await run(Array.from({ length: reads }, (_, index) => () => ask(index)))
  const processor = ((await used()) - before) / reads
  // The callers of one connection come one after another, so that they go to all replicas at once.
  const refresh = await run(
    Array.from(
      { length: connections * refusedTogether },
      (_, index) => () => ask(Math.floor(index / refusedTogether), true),
    ),
  )
  const upstream = server.count('refresh_token') / connections
  await Promise.all(replicas.map((replica) => replica.kill()))
  await server.close()
  return [
    `${store.kind}, ${String(count)}`,
    ...cells(read),
    ms(processor),
    ...cells(refresh),
    upstream.toFixed(2),
  ]
}

const rows: string[][] = []
for (const open of sharedStores) {
  const store = await open()
  for (const count of [1, 2, 4]) rows.push(await measure(store, count))
  await store.close()
}
const line = machine()
const times = ['requests/s', 'p50 ms', 'p99 ms']
const head = [
  'store, replicas',
  ...times,
  'processor ms',
  ...times.map((title) => `refresh ${title}`),
  'upstream refreshes per connection',
]
console.log(line)
table(head, rows)
if (process.argv.includes('--write')) await writeTable('bench:scale', line, [head, ...rows])
if (rows.some((row) => row.at(-1) !== '1.00')) process.exitCode = 1
