import { afterEach, expect, test, vi } from 'vitest'
import { main } from '../../src/check-backend/main.js'
import { app, checkOptions } from './support/app.js'
import { startExpress } from './support/express.js'
import { startReference, type Listening } from './support/reference.js'

vi.setConfig({ testTimeout: 120_000 })

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

test('prints a line for each rule that passes, and how many did', async () => {
  const { code, out } = await runAgainstReference('--only', 'token,verifier,body-size')
  expect(code).toBe(0)
  expect(out).toContain('✓ verifier                     201, 409 transaction_invalid, 200\n')
  expect(out).toContain('✓ body-size                    (hardening) 413 payload_too_large')
  expect(out).toContain('required:  3 of 3 passed\nhardening: 1 of 1 passed\n')
  expect(out).not.toContain('why')
})

test('prints what was sent and why it matters where that is wanted', async () => {
  const { out } = await runAgainstReference('--only', 'verifier', '--verbose')
  expect(out).toContain('sent   another code_verifier, then the right one')
  expect(out).toContain('why    Who has seen the code')
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

test('ends with 1 when a rule fails, and says what is wrong and why it matters', async () => {
  const check = await checkOptions({ sessions: { user: { cookie: 'session=robin' }, other: undefined } })
  backend = await startExpress(check, undefined, { origins: [app, 'https://evil.example'] })
  const args = ['--origin', app, '--provider-port', String(check.providerPort), '--cookie', 'session=robin']
  const { code, out } = await run('check-backend', backend.baseUrl, ...args, '--only', 'origin')
  expect(code).toBe(1)
  expect(out).toMatch(
    /✗ origin .*\n {4}sent .*\n {4}wrong {2}POST \/check\/authorization was answered with 201 instead of 403 forbidden_origin\n {4}why .*RFC 10017/,
  )
  expect(out).toContain('1 of 2 passed, 1 failed (origin)')
})

test('ends with 2 and one sentence when the command line does not fit the backend', async () => {
  const { code, out, err } = await runAgainstReference('--provider', 'nobody')
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toBe(
    'The backend has no provider "nobody". Configure it (--settings prints how), or give the name that it has: --provider.\n',
  )
})

test('takes a session from headers', async () => {
  const { code } = await runAgainstReference(
    ...['--only', 'transaction-foreign', '--other-header', 'Cookie: session=kim'],
  )
  expect(code).toBe(0)
})

test('prints what to configure, wherever the backend is', async () => {
  const { code, out } = await run('check-backend', '--settings')
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({
    check: {
      mode: 'mediated',
      token_endpoint: 'http://127.0.0.1:4680/token',
      redirect_uri: 'https://app.example/callback/check',
    },
    'check-bff': { mode: 'bff', api: 'http://127.0.0.1:4680/api/' },
    'check-openid': { scope: 'openid accounts payments', jwks_uri: 'http://127.0.0.1:4680/jwks' },
    origins: ['https://app.example'],
  })
})

test('prints the settings of what is to be checked', async () => {
  const args = ['--settings', '--level', '1', '--no-openid', '--origin', 'http://localhost:5173']
  const { out } = await run('check-backend', ...args)
  const settings = JSON.parse(out) as Record<string, { redirect_uri?: string }>
  expect(Object.keys(settings)).toEqual(['check', 'client', 'origins'])
  expect(settings['check']?.redirect_uri).toBe('http://localhost:5173/callback/check')
})

test.each([
  [[], 'There are these commands'],
  [['check'], 'There are these commands'],
  [['check-backend'], 'Give one base URL'],
  [['check-backend', 'ftp://x'], 'Give one base URL'],
  [['check-backend', 'http://localhost/connect', '--level', '3'], '--level is 1 or 2'],
  [['check-backend', 'http://localhost/connect', '--origin', 'app.example'], '--origin is scheme'],
  [['check-backend', 'http://localhost/connect', '--header', 'x'], '--header is "Name: value"'],
  [['check-backend', 'http://localhost/connect', '--provider-port', '0'], '--provider-port is a number'],
  [['check-backend', 'http://localhost/connect', '--only', 'x'], 'There is no rule x'],
  [['check-backend', 'http://localhost/connect', '--tier', 'x'], '--tier is required or all'],
  [
    ['check-backend', 'http://localhost/connect', '--cookie', 'a=1', '--other-cookie', 'a=1'],
    'the session of another user',
  ],
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

test('says in one line that nothing answers', async () => {
  const check = await checkOptions()
  backend = await startReference(check)
  const { baseUrl } = backend
  await backend.close()
  const port = ['--provider-port', String(check.providerPort)]
  const { code, out, err } = await run('check-backend', baseUrl, ...port)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toBe(
    `Nothing answers at ${baseUrl}: no answer came (ECONNREFUSED). Is the backend running there?\n`,
  )
})
