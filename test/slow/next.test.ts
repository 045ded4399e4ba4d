// The example for Next.js, in an app that Next has built and serves.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../../scripts/entries.js'
import { checkBackend } from '../../src/check-backend/check-backend.js'
import type { CheckOptions } from '../../src/check-backend/options.js'
import { checkOptions } from '../check-backend/support/app.js'
import { endProcess } from '../support/end-process.js'
import { freePort } from '../support/free-port.js'
import { installPacked, type InstalledApp } from './support/installed-app.js'

let check: Omit<CheckOptions, 'baseUrl'>
let next: InstalledApp
let server: ChildProcess
let origin: string

/** An app as the example's README has it: the route, and the backend beside it. */
async function install(): Promise<InstalledApp> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-next-'))
  const route = join(folder, 'app/connect/[[...path]]')
  await mkdir(route, { recursive: true })
  await cp(join(root, 'test/slow/support/next/package.json'), join(folder, 'package.json'))
  await cp(join(root, 'examples/runtimes/next-route.ts'), join(route, 'route.ts'))
  await cp(join(root, 'examples/runtimes/handler.ts'), join(route, 'handler.ts'))
  await cp(join(root, 'examples/runtimes/next.config.js'), join(folder, 'next.config.js'))
  const app = await installPacked(folder)
  await rm(folder, { recursive: true })
  return app
}

/** Resolves when Next says that it serves. */
function ready(program: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    for (const stream of [program.stdout, program.stderr])
      stream?.on('data', (chunk: Buffer) => {
        output += String(chunk)
        if (output.includes('Ready in')) resolve()
      })
    program.once('exit', () => {
      reject(new Error(`next start has ended: ${output}`))
    })
  })
}

beforeAll(async () => {
  check = await checkOptions()
  next = await install()
  const port = String(await freePort())
  origin = `http://127.0.0.1:${port}`
  const env = {
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    APP_ORIGIN: check.origin,
    PROVIDER: `http://127.0.0.1:${String(check.providerPort)}`,
    CLIENT_SECRET: crypto.randomUUID(),
    RATE_LIMIT: 'off',
  }
  const program = 'next/dist/bin/next'
  const build = next.start(program, ['build'], env)
  let output = ''
  for (const stream of [build.stdout, build.stderr])
    stream?.on('data', (chunk: Buffer) => (output += String(chunk)))
  const code = await new Promise((resolve) => build.once('exit', resolve))
  if (code !== 0) throw new Error(`next build failed: ${output}`)
  server = next.start(program, ['start', '--hostname', '127.0.0.1', '--port', port], env)
  await ready(server)
}, 600_000)

afterAll(async () => {
  await endProcess(server)
  await next.close()
})

test('the backend keeps the contract below Next, which answers one path itself and drops one parameter', async () => {
  const { results } = await checkBackend({ ...check, baseUrl: `${origin}/connect` })
  const failed = results.filter(({ result }) => result !== 'pass')
  expect(failed.map(({ name }) => name)).toEqual(['resource-path', 'resource-query', 'caching', 'headers'])
  // A redirect of Next's own, without the backend's headers: the backslash becomes a slash.
  const [path, query, ...answers] = failed.map(({ problem }) => problem)
  for (const problem of [path, ...answers]) expect(problem).toContain('accounts/..\\admin')
  // Nothing of it reaches the backend, nor the provider.
  expect(query).toContain('accounts?__proto__=1 was answered with 200')
  expect(results.length).toBeGreaterThan(40)
})
