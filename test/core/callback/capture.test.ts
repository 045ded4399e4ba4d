import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createScene, stateOf } from '../../support/app.js'
import { openNetwork } from '../../support/network.js'
import { describe as said } from '../../support/refusal.js'
import { settled, until } from '../../support/until.js'

const network = openNetwork()

describe('a response in the address bar', () => {
  test('is gone when createClient returns, before a router or an error reporter can read it', async () => {
    const { consent, open } = createScene(network)
    const url = await consent()
    const { client, url: shown } = open(url)
    expect(shown).toBe('https://app.example/callback/bank')
    expect(client.callback.get()).toEqual({ status: 'pending' })
  })

  test('leaves the parameters and the history state that are the app’s own', async () => {
    const { consent, open } = createScene(network)
    const url = `${await consent()}&foo=bar&scope=x&session_state=y#section`
    const app = open(url, { historyState: { router: { key: 'k' } } })
    expect(app.url).toBe('https://app.example/callback/bank?foo=bar#section')
    expect(app.historyState).toEqual({ router: { key: 'k' }, countersign: expect.any(String) as string })
    await until(app.client.callback, 'connected')
  })

  test('leaves an id in the history entry that gives nothing away', async () => {
    const { consent, open } = createScene(network)
    const url = await consent()
    const { historyState } = open(url)
    const state = stateOf(url)
    expect(historyState).toEqual({ countersign: state.slice(0, 16) })
  })

  test.each([
    'error=access_denied&error_description=x&error_uri=https%3A%2F%2Fas.example&state=s&error_cause=c&trace_id=t',
    'state=s',
    'code=c',
    'code=c&state=s&access_token=t&id_token=i&token_type=bearer&expires_in=1&response=r&token=t',
    'code=a&code=b&state=s&state=t',
    'code=&state=&error=',
    'access_token=t',
    'id_token=t',
    'response=jwt',
  ])('is taken away whatever it is: %s', async (query) => {
    const { open } = createScene(network)
    const app = open(`/callback/bank?keep=1&${query}`)
    expect(app.url).toBe('https://app.example/callback/bank?keep=1')
    await until(app.client.callback, 'failed')
  })

  test('is also read from the fragment', async () => {
    const { consent, open } = createScene(network)
    const app = open((await consent()).replace('?', '#'))
    expect(app.url).toBe('https://app.example/callback/bank')
    await until(app.client.callback, 'connected')
  })

  test('leaves nothing of itself in the query where it came in the fragment', async () => {
    const { open } = createScene(network)
    const app = open('/callback/bank?keep=1&iss=https%3A%2F%2Fas.example#code=c&state=s')
    expect(app.url).toBe('https://app.example/callback/bank?keep=1')
    await until(app.client.callback, 'failed')
  })

  test.each(['#access_token=t&token_type=bearer&state=s', '#access_token=t'])(
    'is refused when a fragment delivers tokens, and taken away: %s',
    async (fragment) => {
      const { open, server } = createScene(network)
      const app = open(`/callback/bank${fragment}`)
      expect(app.url).toBe('https://app.example/callback/bank')
      expect(said((await until(app.client.callback, 'failed')).error)).toEqual({
        code: 'response_malformed',
        parameter: 'access_token',
      })
      expect(server.requests.token).toEqual([])
    },
  )

  test.each([
    '/?code=c&state=s',
    '/callback?code=c&state=s',
    '/callback/bank/x?code=c&state=s',
    '/callback/bank/index?code=c&state=s',
    '/callback/Bank?code=c&state=s',
    '/callback/bank2?code=c&state=s',
    '/callback/stranger?code=c&state=s',
    '/callback/%62ank?code=c&state=s',
  ])('is somebody else’s on another page: %s', async (url) => {
    const { open } = createScene(network)
    const app = open(url)
    expect(app.url).toBe(`https://app.example${url}`)
    expect(app.client.callback.get()).toEqual({ status: 'none' })
    expect(app.replacements).toEqual([])
  })

  test('is not looked for where there are other parameters only', () => {
    const { open } = createScene(network)
    const app = open('/callback/bank?foo=bar#/route?code=1')
    expect(app.replacements).toEqual([])
    expect(app.client.callback.get()).toEqual({ status: 'none' })
  })

  test('is only taken where the query of the redirect URI is there, too', async () => {
    const scene = createScene(network, { redirectUri: (name) => `https://app.example/callback?at=${name}` })
    const url = await scene.consent()
    expect(url).toMatch(/^https:\/\/app\.example\/callback\?at=bank&/)
    const elsewhere = scene.open(url.replace('at=bank', 'at=nobody'))
    expect(elsewhere.client.callback.get()).toEqual({ status: 'none' })
    const app = scene.open(url)
    expect(app.url).toBe('https://app.example/callback?at=bank')
    await until(app.client.callback, 'connected')
  })

  test.each(['/callback/bank/', '/callback/bank.html', '/callback/bank/index.html'])(
    'is taken at %s, as some hosts write the redirect URI',
    async (path) => {
      const { consent, open, server } = createScene(network)
      const app = open((await consent()).replace('/callback/bank', path))
      expect(app.url).toBe(`https://app.example${path}`)
      await until(app.client.callback, 'connected')
      // What is registered is what the server compares.
      expect(server.requests.token[0]?.form.get('redirect_uri')).toBe('https://app.example/callback/bank')
    },
  )

  test.each([
    ['JARM', '?response=jwt', 'response'],
    ['JARM and a code', '?response=jwt&code=c&state=s', 'response'],
    ['a code in the query and a token in the fragment', '?code=c&state=s#access_token=t', 'access_token'],
    ['a code in the query and another one in the fragment', '?code=c&state=s#code=d', 'code'],
  ])('with %s is taken away and refused', async (_name, response, parameter) => {
    const { open, server } = createScene(network)
    const app = open(`/callback/bank${response}`)
    expect(app.url).toBe('https://app.example/callback/bank')
    expect(said((await until(app.client.callback, 'failed')).error)).toEqual({
      code: 'response_malformed',
      parameter,
    })
    expect(server.requests.token).toEqual([])
  })

  test('is not used inside a frame, but taken away there, too', async () => {
    const { consent, open, server } = createScene(network)
    const app = open(await consent(), { framed: true })
    expect(app.url).toBe('https://app.example/callback/bank')
    expect(said((await until(app.client.callback, 'failed')).error)).toEqual({
      code: 'environment_unsupported',
    })
    await settled()
    expect(server.requests.token).toEqual([])
  })

  test('waits on a page that is loaded ahead until somebody sees it', async () => {
    const { consent, open, server } = createScene(network)
    const app = open(await consent(), { prerendering: true })
    expect(app.url).toBe('https://app.example/callback/bank')
    await settled()
    expect(app.client.callback.get()).toEqual({ status: 'pending' })
    expect(server.requests.token).toEqual([])
    app.activate()
    await until(app.client.callback, 'connected')
  })

  test('leaves nothing of itself in the address bar, and all of the rest, whatever the query', () => {
    const { browser, open } = createScene(network)
    const protocol = [
      ...['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'scope', 'session_state'],
      ...['access_token', 'id_token', 'token', 'token_type', 'expires_in', 'response'],
    ]
    const name = fc.oneof(fc.constantFrom(...protocol), fc.stringMatching(/^[a-z]{1,5}$/))
    const pairs = fc.array(fc.tuple(name, fc.string({ maxLength: 6 })), { maxLength: 8 })
    const apps = new Set<() => void>()
    fc.assert(
      fc.property(pairs, (given) => {
        const query = new URLSearchParams(given.map(([key, value]): [string, string] => [key, value]))
        const app = open(`/callback/bank?${String(query)}`)
        apps.add(app.client.dispose)
        const shown = [...new URL(app.url).searchParams]
        const isResponse = given.some(([key]) =>
          ['code', 'state', 'error', 'access_token', 'id_token', 'response'].includes(key),
        )
        expect(shown).toEqual(isResponse ? given.filter(([key]) => !protocol.includes(key)) : given)
        expect(app.client.callback.get().status).toBe(isResponse ? 'pending' : 'none')
      }),
      { numRuns: 200 },
    )
    for (const dispose of apps) dispose()
    expect(browser.messages).toEqual([])
  })
})
