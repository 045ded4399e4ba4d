// docs/backend.md, held against the code.
import { createBackend, memoryRateLimit, memoryStore, type BackendOptions } from 'countersign/backend'
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { forms } from '../../src/backend/check-options.js'
import { noteSocketAddress } from '../../src/backend/http/client-address.js'
import { createContext } from '../../src/backend/options.js'

const page = readFileSync(new URL('../../docs/backend.md', import.meta.url), 'utf8')
const [, table = ''] = /^## Options\n([^]*?)^## /m.exec(page) ?? []

/** The rows of the table of options: name and default, as they are written. */
const rows = [...table.matchAll(/^\| `(\w+)` *\| (.*?) *\|/gm)].map(([, name = '', value = '']) => [
  name,
  value,
])

/** What every backend must be given. */
const required: BackendOptions = {
  origins: ['https://app.example'],
  session: () => null,
  store: memoryStore(),
  providers: {
    plain: {
      label: 'Plain',
      mode: 'mediated',
      redirectUris: ['https://app.example/callback/plain'],
      scope: 'accounts',
      authorize: () => Promise.resolve({ url: 'https://plain.example/authorize' }),
      redeem: () => Promise.resolve({}),
    },
  },
}

const isRefused = (change: Partial<Record<keyof BackendOptions, unknown>>): boolean => {
  try {
    createBackend({ ...required, ...change } as BackendOptions)
    return false
  } catch {
    return true
  }
}

const subjectKeySecret = Buffer.alloc(32, 7).toString('base64url')

/** What a backend does that is given nothing else, in the words of the table. */
async function defaults(): Promise<Record<string, string>> {
  const isTaken = () => Promise.resolve(false)
  const { basePath, guard, sealing, clientAddress, rateLimit, now, createId, ...context } =
    createContext(required)
  const nameOf = async (options: BackendOptions) => createContext(options).subjectKey('robin')
  const names = [await nameOf(required), await nameOf({ ...required, store: memoryStore() })]
  const ids = [await createId(isTaken), await createId(isTaken)]
  const direct = new Request('https://app.example/')
  const request = new Request(direct, { headers: { 'x-forwarded-for': '192.0.2.1' } })
  for (const one of [direct, request]) noteSocketAddress(one, '203.0.113.7')
  const count = { by: 'subject', key: 'robin', action: 'token' } as const
  /** The number of requests before the first one that must wait. */
  const allowance = async (limit: typeof rateLimit) => {
    let number = 0
    while (number < 100 && (await limit(count)) === 0) number += 1
    return number
  }
  const isSame = async (other: typeof rateLimit) => (await allowance(rateLimit)) === (await allowance(other))
  const platform = vi.fn(() => Promise.resolve(new Response()))
  vi.stubGlobal('fetch', platform)
  await context.fetch('https://plain.example/', {})
  vi.spyOn(Date, 'now').mockReturnValue(1_900_000_000_500)
  return {
    ...Object.fromEntries(
      Object.keys(required).map((name) => [name, isRefused({ [name]: undefined }) ? 'required' : 'none']),
    ),
    keys: sealing ? 'some' : 'none',
    unsealed: `\`${String(!isRefused({ store: { ...memoryStore(), inProcess: false }, subjectKeySecret }))}\``,
    subjectKeySecret: names[0] === names[1] ? 'fixed' : 'random',
    basePath: `\`${basePath}\``,
    cors: `\`${String(guard.cors)}\``,
    clientAddress:
      clientAddress(direct) === '203.0.113.7' && !clientAddress(request) ? 'the socket’s' : 'another',
    rateLimit: (await isSame(memoryRateLimit())) ? '`memoryRateLimit()`' : 'another',
    unattended: context.unattended.size === 0 ? 'none' : 'some',
    fetch: platform.mock.calls.length === 1 ? 'the platform’s' : 'another',
    clock: now() === 1_900_000_000 ? 'the system’s' : 'another',
    createId: `${String(Buffer.from(ids[0] ?? '', 'base64url').length)} ${ids[0] === ids[1] ? 'fixed' : 'random'} bytes`,
  }
}

test('the table of options has each option of createBackend, and no other', () => {
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(forms).sort())
})

test('the defaults of the table are those of the code', async () => {
  const written = Object.fromEntries(rows.map(([name = '', value = '']) => [name, value.replace("'", '’')]))
  // A log that is not there can be asked for nothing.
  const { log, ...others } = written
  expect(log).toBe('none')
  expect(others).toEqual(await defaults())
})
