// One replica of a backend, as a process of its own: `node --import tsx replica.ts` with a ReplicaSetup as its argument.
// It sends its port when it listens. When its clock has moved on it answers `{ pass }` with the milliseconds of processor time
// that it has used, and `{ keepFresh }` with the report of examples/keep-fresh.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeListener } from 'countersign/backend/node'
import { keepFresh, type KeepFreshOptions } from '../../../examples/keep-fresh/keep-fresh.js'
import { openStore } from './open-store.js'
import { createReplicaBackend, type ReplicaSetup } from './replica-backend.js'

/** A message to a replica: its clock moves on, or it runs the job. */
export type Order = { readonly pass: number } | { readonly keepFresh: KeepFreshOptions }

const setup = JSON.parse(process.argv[2] ?? '') as ReplicaSetup

let passed = 0
const now = (): number => Date.now() / 1000 + passed

const backend = createReplicaBackend(setup, await openStore(setup.store, setup.impatient), now)
await backend.ready

process.on('message', (order: Order) => {
  if ('keepFresh' in order) {
    void keepFresh(backend, { ...order.keepFresh, now }).then((report) => process.send?.(report))
    return
  }
  passed += order.pass
  const { user, system } = process.cpuUsage()
  process.send?.((user + system) / 1000)
})
process.on('disconnect', () => process.exit())

const listener = createServer(toNodeListener(backend)).listen(0, '127.0.0.1', () => {
  process.send?.((listener.address() as AddressInfo).port)
})
