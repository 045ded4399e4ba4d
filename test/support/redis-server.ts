import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from './end-process.js'
import { freePort } from './free-port.js'

/** A Redis of this test's own, which has written to disk what it has answered. */
export interface RedisServer {
  readonly port: number
  readonly url: string
  /** Ends it as a power failure does. */
  kill(): Promise<void>
  /** Starts it again, at the same address and with what it had written. */
  restart(): Promise<void>
  /** Ends it and removes what it had written. */
  close(): Promise<void>
}

/** @param settings Beside those that make it durable, such as `cluster-enabled`. */
export async function startRedis(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'))
  const start = (): Promise<ChildProcess> => launch(port, folder, settings)
  let server = await start()
  const kill = (): Promise<void> => endProcess(server)
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    async restart() {
      server = await start()
    },
    async close() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves when the server says that it accepts connections. */
function launch(port: number, folder: string, more: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const durable = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: 'always' }
  const settings = Object.entries({ ...durable, ...more })
  const flags = settings.flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((resolve, reject) => {
    let output = ''
    server.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      if (output.includes('Ready to accept connections')) resolve(server)
    })
    server.once('error', reject)
    server.once('exit', () => {
      reject(new Error(`redis-server did not start: ${output}`))
    })
  })
}
