import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { access, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'vite'
import { aliases } from '../../../../scripts/vite-options.js'
import { endProcess } from '../../../support/end-process.js'
import { freePort } from '../../../support/free-port.js'
import type { RuntimeEnvironment } from './handler.js'
import type { MtlsEnvironment } from './mtls.js'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const source = join(root, 'test/runtimes')

/** Outside the tree, so that no tool reads them; kept, so that the next run has them. */
const installed = join(root, 'node_modules/.cache/countersign-runtimes')

/** The runtimes, this Node first. */
export const runtimes = ['this Node', 'Node 22', 'Node 24', 'Deno', 'Bun', 'workerd'] as const
export type Runtime = (typeof runtimes)[number]

/** Installs the programs of test/runtimes/package.json, unless they are there. */
export async function installRuntimes(): Promise<void> {
  const lock = await readFile(join(source, 'package-lock.json'), 'utf8')
  const done = join(installed, 'installed.json')
  const before = await readFile(done, 'utf8').catch(() => '')
  if (before === lock) return
  await mkdir(installed, { recursive: true })
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    await copyFile(join(source, file), join(installed, file))
  await promisify(execFile)('npm', ['ci', '--no-audit', '--no-fund'], { cwd: installed })
  await writeFile(done, lock)
}

/** The path of an installed program. */
export const program = (name: string): string => join(installed, 'node_modules', name)

/** A backend that listens in a runtime. */
export interface Running {
  readonly origin: string
  close(): Promise<void>
}

/** Bundles what a runtime runs, and starts it. */
export async function startRuntime(
  runtime: Runtime,
  env: RuntimeEnvironment & MtlsEnvironment,
): Promise<Running> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-runtime-'))
  const port = await freePort()
  const file = await bundleFor(runtime, folder)
  const { command, args } = await commandFor(runtime, { bundle: file, folder, port, env })
  let output = ''
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...env, STORE: join(folder, 'store.db'), PORT: String(port), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += String(chunk)))
  const origin = `http://127.0.0.1:${String(port)}`
  await answering(origin, child, () => output)
  return {
    origin,
    async close() {
      await endProcess(child)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Resolves when a program answers at an origin. @param output What it has printed. */
export async function answering(origin: string, child: ChildProcess, output: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the runtime has ended: ${output()}`)
    const answered = await fetch(`${origin}/health`).then(
      (response) => response.body?.cancel().then(() => true),
      () => false,
    )
    if (answered) return
    await setTimeout(50)
  }
}

const worker = 'examples/workers/worker.js'

const entryOf: Readonly<Record<Runtime, string>> = {
  'this Node': 'test/slow/support/runtimes/node.ts',
  'Node 22': 'test/slow/support/runtimes/node.ts',
  'Node 24': 'test/slow/support/runtimes/node.ts',
  Deno: 'test/slow/support/runtimes/deno.ts',
  Bun: 'test/slow/support/runtimes/bun.ts',
  workerd: worker,
}

const bundleFor = (runtime: Runtime, folder: string): Promise<string> =>
  bundle(entryOf[runtime], 'runtimes/handler.ts', folder, runtime === 'workerd' ? 'webworker' : 'node')

/** Bundles the example for Workers. @param handler The backend in it, below test/slow/support. @returns The file's path. */
export const bundleWorker = (handler: string, folder: string): Promise<string> =>
  bundle(worker, handler, folder, 'webworker')

async function bundle(
  entry: string,
  handlerPath: string,
  folder: string,
  target: 'webworker' | 'node',
): Promise<string> {
  const handler = join(root, 'test/slow/support', handlerPath)
  await build({
    configFile: false,
    logLevel: 'error',
    root,
    resolve: { alias: aliases('source') },
    // The example's own backend gives way to the one of this test; what serves it and what it stores in stay.
    plugins: [
      {
        name: 'handler-of-this-test',
        enforce: 'pre',
        resolveId: (id, importer) =>
          id === './handler.js' && importer?.includes('/examples/') ? handler : undefined,
      },
    ],
    ssr: { noExternal: true, target },
    build: {
      ssr: join(root, entry),
      outDir: folder,
      emptyOutDir: false,
      target: 'es2022',
      rolldownOptions: {
        external: [/^node:/, /^cloudflare:/, /^bun:/],
        output: { entryFileNames: 'bundle.mjs', codeSplitting: false },
      },
    },
  })
  const file = join(folder, 'bundle.mjs')
  await access(file)
  return file
}

interface Start {
  readonly bundle: string
  readonly folder: string
  readonly port: number
  readonly env: RuntimeEnvironment & MtlsEnvironment
}

async function commandFor(
  runtime: Runtime,
  start: Start,
): Promise<{ readonly command: string; readonly args: readonly string[] }> {
  const { bundle: file } = start
  switch (runtime) {
    case 'this Node':
      return { command: process.execPath, args: [file] }
    case 'Node 22':
      return { command: program('node-22/bin/node'), args: [file] }
    case 'Node 24':
      return { command: program('node-24/bin/node'), args: [file] }
    case 'Deno':
      return {
        command: program('.bin/deno'),
        args: [
          'run',
          '--no-config',
          '--allow-net=127.0.0.1',
          '--allow-env',
          '--allow-read',
          '--allow-write',
          file,
        ],
      }
    case 'Bun':
      return { command: program('.bin/bun'), args: [file] }
    case 'workerd':
      return { command: program('.bin/workerd'), args: ['serve', await writeWorkerdConfig(start)] }
  }
}

/** What `wrangler.jsonc` says, in workerd's own language. */
async function writeWorkerdConfig({ folder, port, env }: Start): Promise<string> {
  const bindings = Object.entries(env).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  )
  const config = join(folder, 'config.capnp')
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "objects", disk = (path = ${JSON.stringify(folder)}, writable = true)),
    (name = "certificate", external = .withCertificate),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${String(port)}", http = (), service = "main")],
);
const withCertificate :Workerd.ExternalServer = (
  address = ${JSON.stringify(new URL(env.MTLS_URL).host)},
  https = (
    certificateHost = "127.0.0.1",
    tlsOptions = (
      keypair = (privateKey = ${JSON.stringify(env.MTLS_KEY)}, certificateChain = ${JSON.stringify(env.MTLS_CERT)}),
      trustedCertificates = [${JSON.stringify(env.MTLS_CA)}],
    ),
  ),
);
const worker :Workerd.Worker = (
  modules = [(name = "bundle.mjs", esModule = embed "bundle.mjs")],
  compatibilityDate = "2026-11-01",
  bindings = [
    (name = "COUNTERSIGN", durableObjectNamespace = "CountersignRecord"),
    (name = "CERTIFICATE", service = "certificate"),
    ${bindings.join(',\n    ')}
  ],
  durableObjectNamespaces = [(className = "CountersignRecord", uniqueKey = "countersign", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),
);
`,
  )
  return config
}
