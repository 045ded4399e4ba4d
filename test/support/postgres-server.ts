import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { accessSync, chownSync, constants, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { endProcess } from './end-process.js'
import { freePort } from './free-port.js'

const run = promisify(execFile)

/** A PostgreSQL of this test's own. */
export interface PostgresServer {
  readonly port: number
  readonly url: string
  /** Ends it as a power failure does. */
  kill(): Promise<void>
  /** Starts it again, at the same address and with what it had written. */
  restart(): Promise<void>
  /** A standby that follows it by streaming replication. */
  startStandby(): Promise<PostgresStandby>
  /** Ends it and removes what it had written. */
  close(): Promise<void>
}

/** A standby; it has all that the primary has written when it was last known to have caught up. */
export interface PostgresStandby extends PostgresServer {
  /** Resolves when it has what the primary has written by now. */
  catchUp(): Promise<void>
  /** Makes it a primary. */
  promote(): Promise<void>
}

/** The folder of the server's programs: of the path, or where Debian has them. */
const programs = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  ...listFolder('/usr/lib/postgresql').map((version) => `/usr/lib/postgresql/${version}/bin`),
].find((folder) => ['initdb', 'postgres', 'pg_basebackup'].every((name) => isExecutable(join(folder, name))))

/** Whether there is a PostgreSQL to be started. It refuses root, so as root there must be a user `postgres` or `nobody`. */
export const hasPostgres = programs !== undefined && (!isRoot() || unprivileged() !== undefined)

const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Durable, as in production, but small.
  shared_buffers: '16MB',
  max_connections: '120',
  wal_level: 'replica',
  max_wal_senders: '4',
  wal_keep_size: '64MB',
  log_min_messages: 'fatal',
}

/** @param more Settings of the server beside those of every test. */
export async function startPostgres(more: Readonly<Record<string, string>> = {}): Promise<PostgresServer> {
  const folder = await ownFolder()
  await run(
    program('initdb'),
    ['-D', folder, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    as(),
  )
  return serve(folder, more)
}

async function serve(folder: string, more: Readonly<Record<string, string>>): Promise<PostgresServer> {
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let server = await launch(folder, port, url, more)
  const kill = (): Promise<void> => endProcess(server)
  return {
    port,
    url,
    kill,
    async restart() {
      server = await launch(folder, port, url, more)
    },
    startStandby: () => follow(port, url, more),
    async close() {
      await endProcess(server, 'SIGQUIT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function follow(
  primaryPort: number,
  primaryUrl: string,
  more: Readonly<Record<string, string>>,
): Promise<PostgresStandby> {
  const folder = await ownFolder()
  const from = ['-h', '127.0.0.1', '-p', String(primaryPort), '-U', 'postgres']
  await run(
    program('pg_basebackup'),
    [...from, '-D', folder, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
    as(),
  )
  const standby = await serve(folder, more)
  return {
    ...standby,
    async catchUp() {
      const [row] = await ask(primaryUrl, 'SELECT pg_current_wal_flush_lsn()::text AS at')
      const caughtUp = `SELECT pg_last_wal_replay_lsn() >= '${String(row?.['at'])}' AS done`
      while ((await ask(standby.url, caughtUp))[0]?.['done'] !== true) await setTimeout(20)
    },
    async promote() {
      await ask(standby.url, 'SELECT pg_promote(true, 60)')
    },
  }
}

/** Resolves when the server answers. One that was killed leaves its memory behind for a moment, and is then tried again. */
async function launch(
  folder: string,
  port: number,
  url: string,
  more: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const flags = Object.entries({ ...settings, port, ...more }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  for (let attempt = 0; ; attempt += 1) {
    let output = ''
    const server = spawn(program('postgres'), ['-D', folder, ...flags], {
      ...as(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    server.stderr.on('data', (chunk: Buffer) => (output += String(chunk)))
    let ended = false
    server.once('exit', () => (ended = true))
    server.once('error', () => (ended = true))
    while (!(ended as boolean)) {
      const answers = await ask(url, 'SELECT 1').then(
        () => true,
        () => false,
      )
      if (answers) return server
      await setTimeout(50)
    }
    if (attempt === 50) throw new Error(`PostgreSQL did not start: ${output}`)
    await setTimeout(200)
  }
}

async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function ownFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-postgres-'))
  const user = unprivileged()
  if (isRoot() && user) chownSync(folder, user.uid, user.gid)
  return folder
}

function program(name: string): string {
  if (programs !== undefined && hasPostgres) return join(programs, name)
  throw new Error(
    'PostgreSQL cannot be started: install it (Debian: `apt-get install postgresql`); as root there must be a user `postgres` or `nobody`.',
  )
}

/** How a program is started: not as root. */
const as = (): { readonly uid?: number; readonly gid?: number; readonly cwd: string } => ({
  ...(isRoot() && unprivileged()),
  cwd: tmpdir(),
})

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function unprivileged(): { readonly uid: number; readonly gid: number } | undefined {
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const found = ['postgres', 'nobody'].flatMap((user) => lines.filter(([name]) => name === user))[0]
  return found && { uid: Number(found[2]), gid: Number(found[3]) }
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path).sort().reverse()
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
