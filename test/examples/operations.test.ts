import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createBench, type Bench } from '../backend/support/bench.js'

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))

let bench: Bench
let server: Server
let closed: number

beforeEach(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const { log } = await import('../../examples/operations/telemetry.js')
  const { serve } = await import('../../examples/operations/server.js')
  bench = await createBench({ backend: { log } })
  closed = 0
  server = await serve(bench.handle, 0, () => (closed += 1))
})

afterEach(() => {
  process.removeAllListeners('SIGTERM')
  server.closeAllConnections()
  server.close()
})

const get = (path: string) =>
  fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`, {
    headers: { countersign: '1', cookie: 'subject=robin' },
  })

test('a load balancer is told how it is', async () => {
  const response = await get('/healthz')
  expect([response.status, await response.json()]).toMatchObject([200, { ok: true }])
})

test('events are counted and requests timed, without an id in any label', async () => {
  expect((await get('/connect/connections')).status).toBe(200)
  expect((await get('/connect/connections/unknown-id/access-token')).status).toBe(405)
  await reader.forceFlush()
  const found =
    exporter
      .getMetrics()
      .at(-1)
      ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? []
  const labels = found.flatMap(({ descriptor, dataPoints }) =>
    dataPoints.map(({ attributes }) => ({ metric: descriptor.name, ...attributes })),
  )
  expect(labels).toEqual(
    expect.arrayContaining([
      { metric: 'countersign.request.duration', endpoint: 'connections', status: 200 },
      { metric: 'countersign.request.duration', endpoint: 'access-token', status: 405 },
      {
        metric: 'countersign.events',
        name: 'refused',
        provider: 'none',
        error: 'method_not_allowed',
        reason: 'none',
      },
    ]),
  )
  expect(JSON.stringify(labels)).not.toContain('unknown-id')
})

test('SIGTERM, sent once or twice, lets a redemption end, and then closes the store', async () => {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const proof = await bench.begin()
  bench.upstream.next.push(() => released.then(() => undefined))
  const redeemed = bench.redeem(proof)
  await expect.poll(async () => (await bench.handle.health()).underWay).toBe(1)
  process.emit('SIGTERM')
  // A process without a listener would end at the second one, which a process group and npm send.
  expect(process.listenerCount('SIGTERM')).toBe(1)
  process.emit('SIGTERM')
  expect(await bench.handle.health()).toMatchObject({ closing: true })
  expect(closed).toBe(0)
  release()
  expect((await redeemed).status).toBe(200)
  await expect.poll(() => closed).toBe(1)
})
