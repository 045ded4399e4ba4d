import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startDemo, type Demo } from '../../demo/demo.js'

const page = mkdtempSync(join(tmpdir(), 'countersign-'))
let demo: Demo

beforeAll(async () => {
  writeFileSync(join(page, 'index.html'), '<script type="application/json" id="configuration"></script>')
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
