import { afterEach, expect, test } from 'vitest'
import { main } from '../../src/check-backend/main.js'
import { app, checkOptions } from './support/app.js'
import { startReference, type Listening } from './support/reference.js'

let backend: Listening | undefined
afterEach(() => backend?.close())

/** Runs a command line: its exit code, and what it wrote. */
async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' }
  const code = await main(args, {
    out: (text) => (written.out += `${text}\n`),
    err: (text) => (written.err += `${text}\n`),
  })
  return { code, ...written }
}

async function runAgainstReference(...args: string[]): ReturnType<typeof run> {
  const check = await checkOptions()
  backend = await startReference(check)
  return run(
    'check-backend',
    backend.baseUrl,
    ...['--origin', app, '--provider-port', String(check.providerPort), '--cookie', 'session=robin'],
    ...args,
  )
}

test('prints what was sent, what came back, and why it matters', async () => {
  const { code, out } = await runAgainstReference('--only', 'token,verifier')
  expect(code).toBe(0)
  expect(out).toContain('✓ verifier')
  expect(out).toContain('409 transaction_invalid')
  expect(out).toContain('why  Who has seen the code')
  expect(out).toContain('3 passed, 0 failed, 0 not run')
})

test('prints a report for machines, without sessions and tokens', async () => {
  const { code, out } = await runAgainstReference('--only', 'token', '--json')
  expect(code).toBe(0)
  const report = JSON.parse(out) as { results: { name: string; requests: string[] }[] }
  expect(report.results.map(({ name }) => name)).toEqual(['authorization', 'token'])
  expect(report.results[1]?.requests).toEqual(['POST /check/authorization → 201', 'POST /check/token → 200'])
  expect(out).not.toContain('robin')
})

test('ends with 1 when a rule could not run, unless that is allowed', async () => {
  const { code, out } = await runAgainstReference('--only', 'transaction-foreign')
  expect(code).toBe(1)
  expect(out).toContain('--other-cookie')
  await backend?.close()
  expect((await runAgainstReference('--only', 'transaction-foreign', '--allow-skipped')).code).toBe(0)
})

test('ends with 1 when a rule fails', async () => {
  const { code, out } = await runAgainstReference('--only', 'token', '--provider', 'nobody')
  expect(code).toBe(1)
  expect(out).toContain('wrong: POST /nobody/authorization was answered with 404 unknown_provider')
})

test('takes a session from headers', async () => {
  const { code } = await runAgainstReference(
    ...['--only', 'transaction-foreign', '--other-header', 'Cookie: session=kim'],
  )
  expect(code).toBe(0)
})

test("prints the provider's settings", async () => {
  const { code, out } = await run(
    'check-backend',
    'https://api.example/connect',
    '--settings',
    '--origin',
    app,
  )
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    check: {
      mode: 'mediated',
      token_endpoint: 'http://127.0.0.1:4680/token',
      redirect_uri: 'https://app.example/callback/check',
    },
    'check-bff': { mode: 'bff', api: 'http://127.0.0.1:4680/api/' },
    origins: [app],
  })
})

test.each([
  [[], 'There is one command'],
  [['check'], 'There is one command'],
  [['check-backend'], 'Give one base URL'],
  [['check-backend', 'ftp://x'], 'Give one base URL'],
  [['check-backend', 'http://localhost/connect', '--level', '3'], '--level is 1 or 2'],
  [['check-backend', 'http://localhost/connect', '--origin', 'app.example'], '--origin is scheme'],
  [['check-backend', 'http://localhost/connect', '--header', 'x'], '--header is "Name: value"'],
  [['check-backend', 'http://localhost/connect', '--provider-port', '0'], '--provider-port is a number'],
  [['check-backend', 'http://localhost/connect', '--only', 'x'], 'There is no row x'],
  [['check-backend', 'http://localhost/connect', '--nonsense'], '--nonsense'],
] as const)('explains %j', async (args, sentence) => {
  const { code, err } = await run(...args)
  expect(code).toBe(2)
  expect(err).toContain(sentence)
  expect(err).toContain('Usage:')
})

test('prints its usage when asked', async () => {
  expect(await run('--help')).toMatchObject({ code: 0, err: '' })
  expect((await run('check-backend', '--help')).out).toContain('Exit code')
})

test("says so when the provider's port is taken", async () => {
  const check = await checkOptions()
  backend = await startReference(check)
  const { port } = new URL(backend.baseUrl)
  const { code, err } = await run('check-backend', backend.baseUrl, '--provider-port', port)
  expect(code).toBe(2)
  expect(err).toContain('--provider-port')
})

test('says so when nobody answers', async () => {
  const check = await checkOptions()
  backend = await startReference(check)
  const { baseUrl } = backend
  await backend.close()
  const { code, out } = await run('check-backend', baseUrl, '--provider-port', String(check.providerPort))
  expect(code).toBe(1)
  expect(out).toContain('no answer came (ECONNREFUSED)')
})
