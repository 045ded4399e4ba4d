import { spawn, type ChildProcess } from 'node:child_process'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcess } from '../../support/end-process.js'
import { freePort } from '../../support/free-port.js'
import { startAuthorizationServer } from './authorization-server.js'
import type { Pair, PairSetup } from './pair.js'
import type { ReplicaSetup } from './replica-backend.js'
import { callTo, shared, type Replica } from './replicas.js'
import { answering, program } from './runtimes/programs.js'
import type { StoreLocation } from './store-location.js'

/**
 * Two replicas in one workerd, which also keeps what they store, on disk. Who kills one kills both and the store; workerd is
 * there again at once, with what it had written.
 *
 * @param location The folder that has the bundle of a worker.
 */
export async function startWorkerdPair(
  { at }: StoreLocation,
  { rotates = true, keys = shared.keys }: PairSetup = {},
): Promise<Pair> {
  const server = await startAuthorizationServer({ rotates })
  const setup: ReplicaSetup = {
    ...shared,
    store: { kind: 'durable-objects', at },
    server: server.url,
    keys,
    rotatesRefreshTokens: rotates,
    impatient: false,
  }
  const ports = [await freePort(), await freePort()] as const
  const config = await writeConfig(at, ports, setup)
  let workerd = await start()

  async function start(): Promise<ChildProcess> {
    let output = ''
    const child = spawn(program('.bin/workerd'), ['serve', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += String(chunk)))
    for (const port of ports) await answering(originOf(port), child, () => output)
    return child
  }

  const replica = (port: number): Replica => ({
    call: callTo(originOf(port)),
    async pass(seconds) {
      const { ok } = await fetch(`${originOf(port)}/pass?seconds=${String(seconds)}`)
      if (!ok) throw new Error('the clock did not move on')
      return 0
    },
    keepFresh: () => Promise.reject(new Error('not in workerd')),
    async kill() {
      await endProcess(workerd)
      workerd = await start()
    },
  })

  return {
    one: replica(ports[0]),
    two: replica(ports[1]),
    server,
    async close() {
      await endProcess(workerd)
      await server.close()
    },
  }
}

const originOf = (port: number): string => `http://127.0.0.1:${String(port)}`

/** Two services, each with a copy of the worker of its own; the objects are those of the first. */
async function writeConfig(
  folder: string,
  [one, two]: readonly [number, number],
  setup: ReplicaSetup,
): Promise<string> {
  const config = join(folder, 'config.capnp')
  await mkdir(join(folder, 'objects'), { recursive: true })
  await copyFile(join(folder, '..', 'bundle.mjs'), join(folder, 'bundle.mjs'))
  const worker = (objects: string, more: string): string => `(
  modules = [(name = "bundle.mjs", esModule = embed "bundle.mjs")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "COUNTERSIGN", durableObjectNamespace = ${objects}),
    (name = "SETUP", text = ${JSON.stringify(JSON.stringify(setup))}),
  ],
  ${more}
)`
  const kept = `durableObjectNamespaces = [(className = "CountersignRecord", uniqueKey = "countersign", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),`
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "one", worker = .one),
    (name = "two", worker = .two),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "objects", disk = (path = ${JSON.stringify(join(folder, 'objects'))}, writable = true)),
  ],
  sockets = [
    (name = "one", address = "127.0.0.1:${String(one)}", http = (), service = "one"),
    (name = "two", address = "127.0.0.1:${String(two)}", http = (), service = "two"),
  ],
);
const one :Workerd.Worker = ${worker('"CountersignRecord"', kept)};
const two :Workerd.Worker = ${worker('(className = "CountersignRecord", serviceName = "one")', '')};
`,
  )
  return config
}
