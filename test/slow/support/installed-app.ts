import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../../../scripts/entries.js'

const run = promisify(execFile)

/** A copy of an example in a folder of its own, with the packed library installed. */
export interface InstalledApp {
  readonly folder: string
  /** Runs a command of the app to its end, and gives its output. @throws {Error} with its output, when it fails */
  run(command: string, ...args: string[]): Promise<string>
  /** Starts a program of the app that serves, with more in its environment; it says so when it does. */
  start(program: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess
  close(): Promise<void>
}

/** The environment without what vitest has set: React would be another build, and vitest a worker. */
const plain = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:NODE_ENV|NODE_OPTIONS|VITE|VITEST|TEST|npm_)/.test(name),
  ),
)

/**
 * Packs the library as `npm run build` left it, and installs it into a copy of an example.
 *
 * @param more What its commands have in their environment beside what is usual.
 */
export async function installPacked(
  example: string,
  more: Readonly<Record<string, string>> = {},
): Promise<InstalledApp> {
  if (!existsSync(join(root, 'dist/index.js')))
    throw new Error('There is no dist: run `npm run build` first.')
  const folder = await mkdtemp(join(tmpdir(), 'countersign-example-'))
  await cp(example, folder, { recursive: true })
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const { stdout } = await run('npm', pack, { cwd: root, env: plain })
  const [{ filename = '' } = {}] = JSON.parse(stdout) as { readonly filename?: string }[]
  const manifest = join(folder, 'package.json')
  const { dependencies, ...app } = JSON.parse(await readFile(manifest, 'utf8')) as {
    readonly dependencies: object
  }
  const installed = { ...dependencies, countersign: `file:./${filename}` }
  await writeFile(manifest, JSON.stringify({ ...app, dependencies: installed }))
  const options = ['--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...options], { cwd: folder, env: plain })
  return {
    folder,
    async run(command, ...args) {
      try {
        const env = { ...plain, ...more }
        const result = await run('npx', ['--no-install', command, ...args], { cwd: folder, env })
        return result.stdout + result.stderr
      } catch (error) {
        const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
        throw new Error(`${command} failed:\n${stdout}${stderr}`, { cause: error })
      }
    },
    start: (program, args, env) =>
      spawn(process.execPath, [join(folder, 'node_modules', program), ...args], {
        cwd: folder,
        env: { ...plain, ...more, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
