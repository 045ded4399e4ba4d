import { rmSync } from 'node:fs'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDemo, type Demo } from '../../demo/demo.js'
import { makeBlankPage } from './support/blank-page.js'

const page = makeBlankPage()
let demo: Demo

beforeAll(async () => {
  demo = await startDemo({ page })
})
afterAll(async () => {
  await demo.close()
  rmSync(page, { recursive: true })
})

/** Asks the app's server as a browser does, with this cookie. */
const ask = (path: string, cookie?: string) =>
  fetch(demo.origin + path, { headers: { ...(cookie && { cookie }) } })

/** Asks for a user to be signed in, from a page of this origin. */
const signIn = (user: unknown, origin?: string) =>
  fetch(`${demo.origin}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(origin && { origin }) },
    body: JSON.stringify({ user }),
  })

describe.each(['/', '/callback/apiture?code=c&state=s', '/anywhere'])('the document of %s', (path) => {
  test('signs nobody in', async () => {
    expect((await ask(path)).headers.get('set-cookie')).toBeNull()
  })

  test('is the same for everybody', async () => {
    const cookies = [undefined, 'demo-user=robin', 'demo-user=sam']
    const documents = await Promise.all(cookies.map(async (cookie) => (await ask(path, cookie)).text()))
    expect(documents[0]).toContain('"clientId"')
    expect(new Set(documents).size).toBe(1)
  })
})

describe('the session', () => {
  test.each([
    [undefined, null],
    ['demo-user=', null],
    ['demo-user=nobody', null],
    ['demo-user=sam', 'sam'],
  ])('with the cookie %s is of %s', async (cookie, user) => {
    const answer = await ask('/session', cookie)
    expect(await answer.json()).toEqual({ user })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('set-cookie')).toBeNull()
  })

  test('is begun by the app’s own page, with a cookie that no script reads and no other site’s request carries', async () => {
    const answer = await signIn('sam', demo.origin)
    expect(await answer.json()).toEqual({ user: 'sam' })
    expect(answer.headers.get('set-cookie')).toBe('demo-user=sam; Path=/; HttpOnly; SameSite=Strict')
  })

  test.each([null, 'nobody', 7])('of %s is none: the cookie ends', async (user) => {
    const answer = await signIn(user, demo.origin)
    expect(await answer.json()).toEqual({ user: null })
    expect(answer.headers.get('set-cookie')).toBe('demo-user=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0')
  })

  test.each([undefined, 'null', 'http://127.0.0.1:4801', 'http://localhost'])(
    'is not begun by a page of the origin %s',
    async (origin) => {
      const answer = await signIn('sam', origin)
      expect(answer.status).toBe(403)
      expect(answer.headers.get('set-cookie')).toBeNull()
    },
  )
})

/** Asks for a target under another name, as a browser does whose DNS says that it is this machine. */
const askAs = (host: string, target: string, method = 'GET') =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const { port } = new URL(demo.origin)
    const headers = { host, origin: `http://${host}`, cookie: 'demo-user=sam' }
    request({ host: '127.0.0.1', port, path: target, method, headers }, (response) => {
      text(response).then((body) => {
        resolve({ status: response.statusCode, body })
      }, reject)
    })
      .once('error', reject)
      .end()
  })

describe('a request for another server', () => {
  test.each(['evil.example', 'localhost', '127.0.0.1', 'localhost.evil.example', '[::1]'])(
    'is refused by the name %s, whatever it asks for',
    async (name) => {
      for (const host of name === 'localhost' ? [name] : [name, `${name}:${new URL(demo.origin).port}`])
        for (const target of ['/', '/session', '/connect/connections', '/banks/stitch/seen'])
          expect(await askAs(host, target)).toEqual({
            status: 421,
            body: `The demo is at ${demo.origin} and nowhere else: open that address.`,
          })
      expect((await askAs(name, '/session', 'POST')).status).toBe(421)
    },
  )

  test.each(['//evil.example/session', '/\\evil.example/session', 'http://evil.example/session', '*'])(
    'is refused by its target %s',
    async (target) => {
      expect((await askAs(new URL(demo.origin).host, target, 'OPTIONS')).status).toBe(400)
    },
  )
})
