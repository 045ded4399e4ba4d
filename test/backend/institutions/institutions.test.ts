import type { BackendProvider, InstitutionDocument } from 'countersign/backend'
import { NetworkError, TokenEndpointError } from '../../../src/protocol/errors.js'
import type { InstitutionsAnswer } from '../../../src/protocol/contract.js'
import { describe, expect, test } from 'vitest'
import { settled } from '../../support/until.js'
import { createBench } from '../support/bench.js'

const icons = 'https://icons.bank.example'

/** A provider with a list of institutions. */
async function open(
  list: readonly InstitutionDocument[] = [],
  settings: { readonly budget?: () => number | Promise<number> } = {},
) {
  const plain = await createBench()
  const scene = {
    list,
    reads: 0,
    /** Fails the next readings. */
    error: undefined as Error | undefined,
    /** Holds readings back. */
    held: Promise.resolve(),
  }
  const provider: BackendProvider = {
    ...plain.provider,
    institutions: {
      logoOrigins: [icons],
      async read() {
        scene.reads += 1
        await scene.held
        if (scene.error) throw scene.error
        return scene.list
      },
    },
  }
  const bench = await createBench({
    backend: {
      providers: {
        stitch: provider,
        plain: { ...plain.provider, redirectUris: ['https://app.example/callback/plain'] },
      },
      rateLimit: ({ by, action }) =>
        by === 'provider' && action === 'institutions' ? (settings.budget?.() ?? 0) : 0,
    },
  })
  const ask = (query = '') => bench.call('GET', `/stitch/institutions${query}`)
  const page = async (query = ''): Promise<InstitutionsAnswer> => {
    const { status, text } = await ask(query)
    expect([status, text]).toEqual([200, text])
    return JSON.parse(text) as InstitutionsAnswer
  }
  const names = async (query = ''): Promise<readonly string[]> =>
    (await page(query)).institutions.map(({ name }) => name)
  return { bench, scene, ask, page, names }
}

const bank = (name: string): InstitutionDocument => ({ id: name.toLowerCase().replace(/\W+/g, '-'), name })

describe('GET /{provider}/institutions', () => {
  test('gives the list sorted by name, without regard to case and accents', async () => {
    const { names } = await open(['Zebra', 'école', 'apple', 'Ecology'].map(bank))
    expect(await names()).toEqual(['apple', 'école', 'Ecology', 'Zebra'])
  })

  test('gives each entry its id, name, group and logo, and nothing else that the provider has written', async () => {
    const entry = { id: 'b-1', name: 'Larkspur Online', group: 'Larkspur Bank', logo: `${icons}/b-1.svg` }
    const { page } = await open([{ ...entry, secret: 'x' } as InstitutionDocument])
    expect(await page()).toEqual({ institutions: [entry] })
  })

  test.each([
    ['on another origin', 'https://cdn.example/b-1.svg'],
    ['with a query, which could name the reader', `${icons}/b-1.svg?user=robin`],
    ['without TLS', 'http://icons.bank.example/b-1.svg'],
    ['that is a script', 'javascript:alert(1)'],
    ['that is data', 'data:image/svg+xml,<svg onload="alert(1)"/>'],
    ['with a user name', 'https://robin@icons.bank.example/b-1.svg'],
  ])('leaves out a logo %s', async (_, logo) => {
    const { page } = await open([{ id: 'b-1', name: 'Larkspur', logo }])
    expect(await page()).toEqual({ institutions: [{ id: 'b-1', name: 'Larkspur' }] })
  })

  test('leaves out entries that cannot be chosen, and what is there twice', async () => {
    const wrong = [{ id: '', name: 'A' }, { id: 'b', name: ' ' }, { id: 7, name: 'C' }, {}]
    const { names } = await open([...(wrong as InstitutionDocument[]), bank('Larkspur'), bank('Larkspur')])
    expect(await names()).toEqual(['Larkspur'])
  })

  test.each([
    ['the beginning of a word', 'lark', ['Larkspur Bank']],
    ['several words in any order', 'BANK lark', ['Larkspur Bank']],
    ['letters without their accents', 'credit', ['Crédit Foncier']],
    ['the name of the group', 'prairie', ['Ledger Online']],
    ['nothing that begins inside a word', 'spur', []],
    ['letters and digits, not by other signs alone', '.*', []],
    ['letters and digits beside other signs', '*lark*', ['Larkspur Bank']],
    ['nothing but spaces: all', ' ', ['Crédit Foncier', 'Larkspur Bank', 'Ledger Online']],
  ])('finds by %s', async (_, query, found) => {
    const { names } = await open([
      bank('Larkspur Bank'),
      bank('Crédit Foncier'),
      { id: 'p', name: 'Ledger Online', group: 'Prairie' },
    ])
    expect(await names(`?query=${encodeURIComponent(query)}`)).toEqual(found)
  })

  test('gives pages of fifty, whose cursors lead through the whole list once', async () => {
    const all = Array.from({ length: 120 }, (_, index) => bank(`Bank ${String(index).padStart(3, '0')}`))
    const { page } = await open([...all].reverse())
    const found: string[] = []
    const sizes: number[] = []
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const { institutions, next_cursor: next } = await page(cursor === '' ? '' : `?cursor=${cursor}`)
      found.push(...institutions.map(({ name }) => name))
      sizes.push(institutions.length)
      cursor = next
    }
    expect(found).toEqual(all.map(({ name }) => name))
    expect(sizes).toEqual([50, 50, 20])
  })

  test('goes on after the same entry when the list has changed in between', async () => {
    const all = Array.from({ length: 60 }, (_, index) => bank(`Bank ${String(index).padStart(3, '0')}`))
    const { bench, scene, page, names } = await open(all)
    const { next_cursor: cursor = '' } = await page()
    scene.list = [bank('Aardvark'), ...all.filter(({ name }) => name !== 'Bank 049')]
    bench.passed += 3601
    expect(await names(`?cursor=${cursor}`)).toEqual(all.slice(50).map(({ name }) => name))
  })

  test.each(['?cursor=x', '?cursor=%00', '?page=2', '?query=a&query=b', `?query=${'a'.repeat(101)}`])(
    'refuses %s, and asks no provider',
    async (query) => {
      const { scene, ask } = await open([bank('Larkspur')])
      const { status, body } = await ask(query)
      expect([status, body.error]).toEqual([400, 'invalid_request'])
      expect(scene.reads).toBe(0)
    },
  )

  test('does not exist for a provider that has no list', async () => {
    const { bench } = await open()
    const { status, body } = await bench.call('GET', '/plain/institutions')
    expect([status, body.error]).toEqual([404, 'not_found'])
  })

  test('is for signed-in users and for pages of the app alone', async () => {
    const { bench, scene } = await open([bank('Larkspur')])
    const none = await bench.call('GET', '/stitch/institutions', undefined, {
      headers: { cookie: undefined },
    })
    const foreign = await bench.call('GET', '/stitch/institutions', undefined, {
      headers: { origin: 'https://evil.example' },
    })
    expect([none.body.error, foreign.body.error]).toEqual(['unauthenticated', 'forbidden_origin'])
    expect(scene.reads).toBe(0)
  })
})

describe('the list of a provider', () => {
  test('is read once an hour for all users', async () => {
    const { bench, scene, names } = await open([bank('Larkspur')])
    await names()
    await bench.call('GET', '/stitch/institutions', undefined, { subject: 'kim' })
    bench.passed += 3599
    await names('?query=lark')
    expect(scene.reads).toBe(1)
    bench.passed += 1
    await names()
    expect(scene.reads).toBe(2)
  })

  test('is read once for callers at the same time', async () => {
    const { scene, names } = await open([bank('Larkspur')])
    let release = (): void => undefined
    scene.held = new Promise((resolve) => (release = resolve))
    const both = Promise.all([names(), names()])
    await expect.poll(() => scene.reads).toBe(1)
    release()
    expect(await both).toEqual([['Larkspur'], ['Larkspur']])
    expect(scene.reads).toBe(1)
  })

  test('is the one of the last day while the provider does not answer, which is asked once a minute', async () => {
    const { bench, scene, names, ask } = await open([bank('Larkspur')])
    await names()
    scene.error = new NetworkError('No answer came.')
    bench.passed += 3600
    expect(await names()).toEqual(['Larkspur'])
    expect(await names()).toEqual(['Larkspur'])
    expect(scene.reads).toBe(2)
    bench.passed += 60
    expect(await names()).toEqual(['Larkspur'])
    expect(scene.reads).toBe(3)
    bench.passed += 86_400
    const { status, body } = await ask()
    expect([status, body.error]).toEqual([504, 'provider_unavailable'])
  })

  test('that was refused is an error of the contract, without the provider’s words', async () => {
    const { scene, ask } = await open()
    scene.error = new TokenEndpointError('The list.', { error: 'unauthorized_client', status: 400 }, {})
    const { status, text } = await ask()
    expect(status).toBe(502)
    expect(JSON.parse(text)).toMatchObject({ error: 'provider_error' })
    expect(text).not.toContain('unauthorized_client')
  })

  test('is given to everybody who has a share of the budget left, also where the first who asks has none', async () => {
    let [asked, release] = [0, (): void => undefined]
    const held = new Promise<void>((resolve) => (release = resolve))
    const { bench, scene } = await open([bank('Larkspur')], {
      budget: async () => {
        const wait = asked === 0 ? 60 : 0
        asked += 1
        await held
        return wait
      },
    })
    const ask = (subject: string) => bench.call('GET', '/stitch/institutions', undefined, { subject })
    const both = Promise.all([ask('robin'), ask('kim')])
    await settled()
    release()
    const [first, second] = await both
    expect([first.body.error, second.status].sort()).toEqual([200, 'rate_limited'])
    expect(scene.reads).toBe(1)
  })

  test('counts against the provider’s budget when it is read, and not when it is known', async () => {
    let wait = 0
    const { bench, names, ask } = await open([bank('Larkspur')], { budget: () => wait })
    await names()
    wait = 60
    expect(await names()).toEqual(['Larkspur'])
    bench.passed += 90_000
    expect((await ask()).body.error).toBe('rate_limited')
    wait = 0
    expect(await names()).toEqual(['Larkspur'])
  })
})
