import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endProcess } from './end-process.js'
import { freePort } from './free-port.js'

/** The servers that speak the protocol. */
export type RedisProgram = 'redis-server' | 'valkey-server'

/** A Redis or a Valkey of this test's own, which has written to disk what it has answered. */
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
export async function startRedis(
  settings: Readonly<Record<string, string>> = {},
  program: RedisProgram = 'redis-server',
): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'))
  const start = (): Promise<ChildProcess> => launch(program, port, folder, settings)
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
function launch(
  program: RedisProgram,
  port: number,
  folder: string,
  more: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const durable = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: 'always' }
  const settings = Object.entries({ ...durable, ...more })
  const flags = settings.flatMap(([name, value]) => [`--${name}`, String(value)])
  const server = spawn(program, flags, { stdio: ['ignore', 'pipe', 'ignore'] })
  return new Promise((resolve, reject) => {
    let output = ''
    server.stdout.on('data', (chunk: Buffer) => {
      output += String(chunk)
      if (output.includes('Ready to accept connections')) resolve(server)
    })
    server.once('error', reject)
    server.once('exit', () => {
      reject(new Error(`${program} did not start: ${output}`))
    })
  })
}

/** The servers that there are on this machine. In CI a missing Redis fails; not every Debian has Valkey. */
export const redisPrograms: readonly RedisProgram[] = (['redis-server', 'valkey-server'] as const).filter(
  (program) =>
    (program === 'redis-server' && process.env['CI'] === 'true') ||
    spawnSync(program, ['--version']).status === 0,
)
