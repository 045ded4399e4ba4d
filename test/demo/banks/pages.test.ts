import { afterAll, beforeAll, expect, test } from 'vitest'
import { html } from '../../../demo/banks/html.js'
import { openApiture, openStitch } from './support.js'
import { createVisitor, type Stop } from './visitor.js'

let apiture: Awaited<ReturnType<typeof openApiture>>
let stitch: Awaited<ReturnType<typeof openStitch>>

beforeAll(async () => {
  apiture = await openApiture({ clientName: 'Books & <b>Balances</b>' })
  stitch = await openStitch()
})

afterAll(() => Promise.all([apiture.bank.close(), stitch.bank.close()]))

const pagesOf = async ({ bank, authorizationUrl }: typeof apiture | typeof stitch) => {
  const visitor = createVisitor(bank.origin)
  return [await visitor.open(await authorizationUrl()), await visitor.signIn()]
}

const buttons = ({ text }: Stop) => [...text.matchAll(/<button[^>]*>([^<]+)</g)].map((match) => match[1])

test('escapes every text it interpolates, and nests markup', () => {
  const name = `<script>"&'`
  expect(String(html`<p title="${name}">${[html`<b>${1}</b>`, undefined, name]}</p>`)).toBe(
    '<p title="&lt;script&gt;&quot;&amp;&#39;"><b>1</b>&lt;script&gt;&quot;&amp;&#39;</p>',
  )
})

test('escapes the name of the app', async () => {
  const [, consent] = await pagesOf(apiture)
  expect(consent?.text).toContain('Books &amp; &lt;b&gt;Balances&lt;/b&gt; requests access')
})

test('escapes a user name that is not known, and helps', async () => {
  const visitor = createVisitor(apiture.bank.origin)
  await visitor.open(await apiture.authorizationUrl())
  const stop = await visitor.signIn('"><img>')
  expect(stop.status).toBe(401)
  expect(stop.text).toContain('value="&quot;&gt;&lt;img&gt;"')
  expect(stop.text).toContain('role="alert">We do not know this user name. Try ada or grace.')
})

test('offers Sign in and Cancel, then Approve, Deny and Cancel', async () => {
  for (const app of [apiture, stitch]) {
    const [login, consent] = await pagesOf(app)
    expect(login && buttons(login)).toEqual(['Sign in', 'Cancel'])
    expect(consent && buttons(consent)).toEqual(['Approve', 'Deny', 'Cancel'])
  }
})

test('prefills the user name and the password of a person', async () => {
  const [login] = await pagesOf(stitch)
  expect(login?.text).toMatch(/<label for="username">[^<]+<\/label>\s*<input\s+id="username"[^>]+value="ada"/)
  expect(login?.text).toMatch(
    /<label for="password">[^<]+<\/label>\s*<input\s+id="password"[^>]+value="demo"/,
  )
})

test('shows boxes for the scopes a person may refuse, and lists the others', async () => {
  const [, consent] = await pagesOf(stitch)
  expect(
    [...(consent?.text ?? '').matchAll(/name="scope" value="(\w+)"\s+checked/g)].map((m) => m[1]),
  ).toEqual(['accounts', 'balances', 'offline_access'])
  expect(consent?.text).toContain('<li>know that it is you</li>')
})

test('has a language, one heading, labels and a strict policy that lets the form lead back to the app', async () => {
  for (const app of [apiture, stitch]) {
    for (const { text, headers } of await pagesOf(app)) {
      expect(text).toContain('<html lang="en">')
      expect(text.match(/<h1/g)).toHaveLength(1)
      expect(text).not.toMatch(/<script|style=|<style/)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
      )
    }
  }
})

test('says that a page has expired when its interaction is unknown', async () => {
  const stop = await createVisitor(apiture.bank.origin).open(
    `${apiture.bank.origin}/oidc/interaction/unknown`,
  )
  expect([stop.status, stop.text]).toEqual([400, expect.stringContaining('This page has expired')])
})
