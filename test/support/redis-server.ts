import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A Redis of this test's own, which has written to disk what it has answered. */
export interface RedisServer {
  readonly url: string
  /** Ends it as a power failure does. */
  kill(): Promise<void>
  /** Starts it again, at the same address and with what it had written. */
  restart(): Promise<void>
  /** Ends it and removes what it had written. */
  close(): Promise<void>
}

export async function startRedis(): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-redis-'))
  let server = await launch(port, folder)
  const kill = (): Promise<void> => end(server)
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    async restart() {
      server = await launch(port, folder)
    },
    async close() {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Resolves when the server says that it accepts connections. */
function launch(port: number, folder: string): Promise<ChildProcess> {
  const settings = { port, bind: '127.0.0.1', dir: folder, appendonly: 'yes', appendfsync: 'always' }
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)])
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

/** Resolves when the process is no more. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}
