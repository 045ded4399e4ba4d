// npm run bench: what the reference backend costs beside handlers that do nothing of their own, on loopback. Prints tables;
// asserts nothing. What they mean is in docs/backend-performance.md. With --web-crypto as on a platform that is not Node.
import { fork, type ChildProcess } from 'node:child_process'
import { createCipheriv, webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { origin, userHeader } from './backend.js'
import type { AnswerBody, Exchange, Send } from './exchanges.js'
import { median, ms, quantile, table, whole } from './figures.js'
import { createSubjects, type Subject } from './subjects.js'
import { answerOf } from './upstream.js'

/** Rounds that count, after one that does not. */
const rounds = 5
/** Requests one after another, for the times. */
const inSequence = 150
/** Requests by {@link atOnce} callers, for the throughput. */
const inParallel = 300
const atOnce = 16

/** What one run, or the median of several, says. */
interface Figures {
  /** Requests a second. */
  readonly throughput: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

async function run(send: Send, subject: Subject, bare: boolean): Promise<Figures> {
  const ask = async (caller: number): Promise<void> => {
    const exchange = subject.next(caller)
    const body = await send(bare ? { ...exchange, path: subject.bare } : exchange)
    if (!bare) subject.took?.(caller, body)
  }
  await subject.ready?.(inSequence + inParallel)
  const times: number[] = []
  for (let index = 0; index < inSequence; index += 1) {
    const begin = performance.now()
    await ask(0)
    times.push(performance.now() - begin)
  }
  let left = inParallel
  const begin = performance.now()
  const callers = Array.from({ length: atOnce }, async (_, caller) => {
    while (left-- > 0) await ask(caller)
  })
  await Promise.all(callers)
  const throughput = (inParallel * 1000) / (performance.now() - begin)
  return { throughput, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

interface Column {
  readonly name: string
  readonly ours: Figures
  readonly bare: Figures
  /** Medians of what the rounds give, since each round's two runs were made under the same load. */
  readonly ratio: number
  readonly overhead: number
}

async function measure(send: Send): Promise<Column[]> {
  const subjects = await createSubjects(send, atOnce)
  const pairs = new Map<string, { ours: Figures; bare: Figures }[]>()
  for (let round = 0; round <= rounds; round += 1) {
    for (const subject of subjects) {
      // Who comes first changes, so that neither has the better place.
      const first = await run(send, subject, round % 2 === 0)
      const second = await run(send, subject, round % 2 !== 0)
      const pair = round % 2 === 0 ? { bare: first, ours: second } : { bare: second, ours: first }
      if (round > 0) pairs.set(subject.name, [...(pairs.get(subject.name) ?? []), pair])
    }
  }
  return [...pairs].map(([name, all]) => ({
    name,
    ours: medianOf(all.map(({ ours }) => ours)),
    bare: medianOf(all.map(({ bare }) => bare)),
    ratio: median(all.map(({ ours, bare }) => bare.throughput / ours.throughput)),
    overhead: median(all.map(({ ours, bare }) => ours.p50 - bare.p50)),
  }))
}

const medianOf = (figures: readonly Figures[]): Figures => ({
  throughput: median(figures.map(({ throughput }) => throughput)),
  p50: median(figures.map(({ p50 }) => p50)),
  p99: median(figures.map(({ p99 }) => p99)),
})

const platform = process.argv.includes('--web-crypto')
  ? ['--import', new URL('web-crypto.ts', import.meta.url).href]
  : []

/** A process of its own. */
function start(file: string, parameters: string[] = [], flags: string[] = []): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), parameters, {
    execArgv: [...process.execArgv, ...platform, ...flags],
  })
}

const createSend =
  (port: number, agent: Agent): Send =>
  ({ method, path, user, body }: Exchange) =>
    new Promise<AnswerBody>((resolve, reject) => {
      const text = body && JSON.stringify(body)
      const headers = {
        origin,
        countersign: '1',
        [userHeader]: user,
        ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
      }
      const outgoing = httpRequest({ port, host: '127.0.0.1', method, path, headers, agent }, (incoming) => {
        let answer = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => (answer += chunk))
        incoming.on('end', () => {
          const { statusCode = 0 } = incoming
          if (statusCode < 300) resolve(JSON.parse(answer) as AnswerBody)
          else reject(new Error(`${path} was answered with ${statusCode}: ${answer}`))
        })
      })
      outgoing.on('error', reject)
      outgoing.end(text)
    })

async function measureRequests(): Promise<Column[]> {
  const upstream = createServer((incoming, outgoing) => {
    incoming.resume()
    incoming.on('end', () => {
      outgoing.setHeader('content-type', 'application/json')
      outgoing.end(JSON.stringify(answerOf(incoming.url ?? '')))
    })
  })
  await once(upstream.listen(0, '127.0.0.1'), 'listening')
  const server = start('server.ts', [`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`])
  const [port] = (await once(server, 'message')) as [number]
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  try {
    return await measure(createSend(port, agent))
  } finally {
    agent.destroy()
    server.disconnect()
    upstream.closeAllConnections()
    upstream.close()
  }
}

function print(all: readonly Column[]): void {
  const load = loadavg()[0]?.toFixed(1) ?? '?'
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), load ${load}\n`,
  )
  const rows = all.flatMap(({ name, ours, bare, ratio, overhead }) => [
    [name, whole(ours.throughput), ms(ours.p50), ms(ours.p99), `${ratio.toFixed(2)} ×`, ms(overhead)],
    ['  bare', whole(bare.throughput), ms(bare.p50), ms(bare.p99), '', ''],
  ])
  table(['', 'requests/s', 'p50 ms', 'p99 ms', 'cost to bare', 'p50 more, ms'], rows)
}

/** The median of what a piece of work takes when it comes once in a while, as within requests: milliseconds. */
async function medianTime(work: (data: Uint8Array<ArrayBuffer>) => unknown): Promise<string> {
  const times: number[] = []
  for (let index = 0; index < 500; index += 1) {
    const data = new Uint8Array(400).fill(index)
    await new Promise((resolve) => setTimeout(resolve, 2))
    const begin = performance.now()
    await work(data)
    times.push(performance.now() - begin)
  }
  return ms(median(times))
}

async function printCipher(): Promise<void> {
  const { subtle } = webcrypto
  const hmac = { name: 'HMAC', hash: 'SHA-512' }
  const signing = await subtle.importKey('raw', new Uint8Array(64).fill(1), hmac, false, ['sign'])
  const key = webcrypto.getRandomValues(new Uint8Array(32))
  const sealing = await subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt'])
  const iv = (): Uint8Array<ArrayBuffer> => webcrypto.getRandomValues(new Uint8Array(12))
  const signature = await medianTime((data) => subtle.sign('HMAC', signing, data))
  const there = await medianTime((data) => subtle.encrypt({ name: 'AES-GCM', iv: iv() }, sealing, data))
  const here = await medianTime((data) => {
    const cipher = createCipheriv('aes-256-gcm', key, iv())
    return [cipher.update(data), cipher.final(), cipher.getAuthTag()]
  })
  console.log(`\nOne HMAC with SHA-512, as for an initialization token: ${signature} ms.`)
  console.log(
    `One sealing with AES-GCM, as for a record: ${here} ms by node:crypto, ${there} ms by Web Crypto.`,
  )
}

async function printMemory(): Promise<void> {
  const memory = start('memory.ts', [], ['--expose-gc'])
  const rows: string[][] = []
  memory.on('message', ({ requests, bytes }: { requests: number; bytes: number }) => {
    rows.push([whole(requests), (bytes / 1_048_576).toFixed(1)])
  })
  await new Promise((resolve) => memory.once('exit', resolve))
  console.log()
  table(['requests', 'heap MiB'], rows)
}

print(await measureRequests())
await printCipher()
await printMemory()
