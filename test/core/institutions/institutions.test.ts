import { createClient, type InstitutionsState } from 'countersign/core'
import { backend, defineProvider, oidc } from 'countersign/providers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createBrowser } from '../../support/browser.js'
import { settled, until } from '../../support/until.js'

const common = {
  clientId: 'client-1',
  scope: 'openid',
  authorizationEndpoint: 'https://as.example/authorize',
}

const providers = {
  bank: defineProvider({
    ...common,
    label: 'Bank',
    channel: backend('bff'),
    toInput: ({ branch }: { branch: string }) => ({ branch }),
    toInstitutionInput: (branch) => ({ branch }),
  }),
  plain: oidc({ ...common, issuer: 'https://as.example', mode: 'bff' }),
}

const json = (body: object, status = 200) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', countersign: '1' },
  })

const entries = (...names: string[]) => names.map((name) => ({ id: name.toLowerCase(), name }))

/** A page, and a backend that answers as the test says. */
function open({ subject = 'robin' }: { readonly subject?: string | null } = {}) {
  const browser = createBrowser()
  const asked: string[] = []
  const answers: (Response | Promise<Response>)[] = []
  const page = browser.open('/')
  const client = createClient({
    providers,
    subject,
    backend: {
      url: '/connect',
      fetch: async (input) => {
        const url = new URL(input)
        if (!url.pathname.endsWith('/institutions')) return json({ connections: [] })
        asked.push(url.search)
        return (await answers.shift()) ?? json({ institutions: [] })
      },
    },
    platform: page.platform,
  })
  onTestFinished(() => {
    client.dispose()
  })
  const watch = (query?: string) => {
    const store = client.institutions('bank', { query })
    const stop = store.subscribe(() => undefined)
    onTestFinished(stop)
    return { store, stop }
  }
  return { browser, client, asked, answers, watch }
}

const namesOf = ({ institutions }: InstitutionsState): string[] => institutions.map(({ name }) => name)

describe('client.institutions', () => {
  test('asks for nothing until somebody watches, and gives the same store for the same query', async () => {
    const { client, asked, answers, watch } = open()
    const store = client.institutions('bank')
    expect(store.get()).toEqual({ status: 'loading', institutions: [] })
    expect(client.institutions('bank', {})).toBe(store)
    expect(asked).toEqual([])
    answers.push(json({ institutions: entries('Larkspur') }))
    watch()
    expect(await until(store, 'ready')).toEqual({
      status: 'ready',
      institutions: [{ id: 'larkspur', name: 'Larkspur', input: { branch: 'larkspur' } }],
    })
    expect(asked).toEqual([''])
  })

  test('gives the group and the logo, and no logo that is not an https URL', async () => {
    const { answers, watch } = open()
    const logo = 'https://icons.example/1.svg'
    answers.push(
      json({
        institutions: [
          { id: '1', name: 'A', group: 'Larkspur', logo },
          { id: '2', name: 'B', logo: 'javascript:alert(1)' },
          { id: '3', name: 'C', logo: 'http://icons.example/1.svg' },
        ],
      }),
    )
    const { institutions } = await until(watch().store, 'ready')
    expect(institutions).toEqual([
      { id: '1', name: 'A', group: 'Larkspur', logo, input: { branch: '1' } },
      { id: '2', name: 'B', input: { branch: '2' } },
      { id: '3', name: 'C', input: { branch: '3' } },
    ])
  })

  test('waits until the person stops typing, and asks for nothing that they have typed over', async () => {
    const { browser, answers, asked, watch } = open()
    answers.push(json({ institutions: entries('Larkspur') }))
    watch('l').stop()
    watch('la').stop()
    const { store } = watch('lar')
    await settled()
    expect(asked).toEqual([])
    browser.clock.advance(0.2)
    expect(namesOf(await until(store, 'ready'))).toEqual(['Larkspur'])
    expect(asked).toEqual(['?query=lar'])
  })

  test('begins a new query with the list that is on the screen', async () => {
    const { answers, watch } = open()
    answers.push(json({ institutions: entries('Larkspur', 'Prairie') }))
    const first = watch()
    await until(first.store, 'ready')
    first.stop()
    expect(watch('pr').store.get()).toMatchObject({
      status: 'loading',
      institutions: [{ name: 'Larkspur' }, { name: 'Prairie' }],
    })
  })

  test('adds the next page, by its cursor, and has no more after the last one', async () => {
    const { answers, asked, watch } = open()
    answers.push(json({ institutions: entries('A', 'B'), next_cursor: 'c&1' }))
    const { store } = watch()
    const first = await until(store, 'ready')
    answers.push(json({ institutions: entries('B', 'C') }))
    first.more?.()
    first.more?.()
    expect(store.get()).toMatchObject({ status: 'loading', institutions: [{ name: 'A' }, { name: 'B' }] })
    const second = await until(store, 'ready')
    expect(namesOf(second)).toEqual(['A', 'B', 'C'])
    expect(second).not.toHaveProperty('more')
    expect(asked).toEqual(['', '?cursor=c%261'])
  })

  test('keeps what is there when the next page fails, and gets that page by retry', async () => {
    const { answers, asked, watch } = open()
    answers.push(json({ institutions: entries('A'), next_cursor: 'next' }))
    const { store } = watch()
    const { more } = await until(store, 'ready')
    answers.push(json({ error: 'provider_unavailable', error_description: '' }, 504))
    more?.()
    const failed = await until(store, 'failed')
    expect([failed.error.code, namesOf(failed)]).toEqual(['provider_unavailable', ['A']])
    answers.push(json({ institutions: entries('B') }))
    failed.retry()
    expect(namesOf(await until(store, 'ready'))).toEqual(['A', 'B'])
    expect(asked).toEqual(['', '?cursor=next', '?cursor=next'])
  })

  test('asks again after an hour, when somebody comes back to it', async () => {
    const { browser, answers, asked, watch } = open()
    answers.push(json({ institutions: entries('A') }))
    const { store, stop } = watch()
    await until(store, 'ready')
    stop()
    const again = watch()
    await settled()
    again.stop()
    browser.clock.advance(3600)
    answers.push(json({ institutions: entries('B') }))
    watch()
    await expect.poll(() => namesOf(store.get())).toEqual(['B'])
    expect(asked).toEqual(['', ''])
  })

  test('fails while nobody is signed in, asks nothing, and is loaded once somebody is', async () => {
    const { client, answers, asked, watch } = open({ subject: null })
    const { store } = watch()
    const { error } = await until(store, 'failed')
    expect(error.code).toBe('sign_in_required')
    expect(asked).toEqual([])
    answers.push(json({ institutions: entries('A') }))
    client.setSubject('robin')
    expect(namesOf(await until(store, 'ready'))).toEqual(['A'])
  })

  test.each([
    ['no list', { institutions: {} }],
    ['an entry without an id', { institutions: [{ name: 'A' }] }],
    ['an entry that is none', { institutions: [null] }],
  ])('fails for an answer that holds %s', async (_, body) => {
    const { answers, watch } = open()
    answers.push(json(body))
    const { error } = await until(watch().store, 'failed')
    expect(error.code).toBe('backend_response_invalid')
  })

  test('throws for a provider that has no list, and for one that is not there', () => {
    const { client } = open()
    expect(() => client.institutions('plain')).toThrow(/"plain" has no list of institutions/)
    expect(() => client.institutions('other' as 'plain')).toThrow(/No provider "other"/)
  })

  test('remembers fifty queries', () => {
    const { client } = open()
    const first = client.institutions('bank', { query: 'first' })
    for (let index = 0; index < 49; index += 1) client.institutions('bank', { query: String(index) })
    expect(client.institutions('bank', { query: 'first' })).toBe(first)
    client.institutions('bank', { query: 'one more' })
    expect(client.institutions('bank', { query: 'first' })).not.toBe(first)
  })
})
