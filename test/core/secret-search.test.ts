// A server, a backend and an address that repeat every secret in every text that they may give: nothing of it is in an error, an
// event, a record, an address or on the console.
import { HttpResponse } from 'msw'
import { expect, test, vi } from 'vitest'
import type { CountersignError } from 'countersign/core'
import { createScene, type App, type Scene } from '../support/app.js'
import { openNetwork } from '../support/network.js'
import { leaksOf, secret } from '../support/secrets.js'
import { settled, until } from '../support/until.js'

const network = openNetwork()

/** One way in which something ends badly, with everything that this side has sent in the answer. */
interface Case {
  readonly name: string
  readonly arrange?: (scene: Scene) => void
  /** What the redirect brings, instead of the code. */
  readonly back?: (url: string, sent: string) => string
  readonly code: CountersignError['code']
}

/** Everything that a form holds, as a careless server would repeat it. */
const echo = (form: URLSearchParams): string => [...form].map(([name, value]) => `${name}=${value}`).join(' ')

const cases: readonly Case[] = [
  ...['invalid_grant', 'invalid_client', 'server_error'].map((error) => ({
    name: `the token endpoint answers ${error}, and repeats the request`,
    arrange: ({ server }: Scene) => {
      server.hostile.token = (form) =>
        HttpResponse.json(
          { error, error_description: echo(form), error_uri: `https://as.example/?${String(form)}` },
          { status: error === 'server_error' ? 500 : 400, headers: { 'x-request': encodeURI(echo(form)) } },
        )
    },
    code: 'token_error' as const,
  })),
  {
    name: 'the error of the token endpoint is the request',
    arrange: ({ server }) => {
      server.hostile.token = (form) => HttpResponse.json({ error: echo(form) }, { status: 400 })
    },
    code: 'token_error',
  },
  {
    name: 'the token endpoint answers with a page that repeats the request',
    arrange: ({ server }) => {
      server.hostile.token = (form) => HttpResponse.html(`<pre>${echo(form)}</pre>`)
    },
    code: 'token_response_invalid',
  },
  {
    name: 'the token type is the access token',
    arrange: ({ server }) => {
      server.hostile.tokens = (body) => ({ ...body, token_type: body['access_token'] })
    },
    code: 'token_response_invalid',
  },
  ...['iss', 'aud', 'sub', 'nonce', 'exp', 'iat', 'azp', 'at_hash'].map((claim) => ({
    name: `the ${claim} of the ID Token is the request`,
    arrange: ({ server }: Scene) => {
      let sent = ''
      server.hostile.token = (form) => {
        sent = echo(form)
        return undefined
      }
      server.hostile.claims = (claims) => ({ ...claims, [claim]: sent.repeat(claim === 'sub' ? 3 : 1) })
    },
    code: 'id_token_invalid' as const,
  })),
  {
    name: 'the header of the ID Token holds the request',
    arrange: ({ server }) => {
      let sent = ''
      server.hostile.token = (form) => {
        sent = echo(form)
        return undefined
      }
      const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
      server.hostile.idToken = (claims, header) =>
        `${encode({ ...header, crit: [sent], [sent]: sent })}.${encode(claims)}.${encode({ sent })}`
    },
    code: 'id_token_invalid',
  },
  {
    name: 'a redirect of the token endpoint carries the request',
    arrange: ({ server }) => {
      server.hostile.token = (form) =>
        new HttpResponse(null, {
          status: 307,
          headers: { location: `https://evil.example/?${String(form)}` },
        })
    },
    code: 'response_malformed',
  },
  {
    name: 'the authorization response is an error that repeats the request',
    back: (url, sent) => {
      const { searchParams } = new URL(sent)
      const state = searchParams.get('state') ?? ''
      const query = {
        error: 'invalid_request',
        error_description: sent,
        error_uri: sent,
        state,
        iss: 'https://as.example',
      }
      return `${url.split('?')[0] ?? ''}?${String(new URLSearchParams(query))}`
    },
    code: 'authorization_error',
  },
  {
    name: 'the authorization response holds the code twice',
    back: (url) => `${url}&code=${new URL(url).searchParams.get('code') ?? ''}`,
    code: 'response_malformed',
  },
  {
    name: 'the authorization response has another state',
    back: (url) => url.replace(/state=[^&]*/, `state=${'x'.repeat(43)}`),
    code: 'state_unknown',
  },
  {
    name: 'the issuer of the authorization response is the code',
    back: (url) => url.replace(/iss=[^&]*/, `iss=${new URL(url).searchParams.get('code') ?? ''}`),
    code: 'issuer_mismatch',
  },
]

/** Everything that another script, an error reporter or a person with the device can see. */
const visible = async ({ browser }: Scene, { client, events, historyState, url, replacements }: App) => [
  ...['callback', 'connections'].map((name) => client[name as 'callback' | 'connections'].get()),
  ...[client.tokens('bank').get(), client.authorization('bank').get(), events],
  ...[historyState, url, replacements, browser.messages],
  // A transaction that waits for resume() keeps its code and verifier, and nothing else does. Keys hold the state of what has ended,
  // which is worth nothing any more.
  [...(await browser.records()).values()].filter(
    (value) => !['left', 'returned', 'sent'].includes(String((Object(value) as { phase?: unknown }).phase)),
  ),
]

test.each(cases.map((one) => [one.name, one] as const))(
  'nothing leaks when %s',
  async (_name, { arrange, back, code }) => {
    const output = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(() => undefined),
    )
    const scene = createScene(network)
    const start = scene.open()
    const sent = await scene.leave(start, 'bank')
    for (const value of (await scene.browser.records()).values()) {
      const { codeVerifier, nonce, state } = Object(value) as Record<string, string | undefined>
      for (const one of [codeVerifier, nonce, state]) if (one !== undefined) secret(one.slice(17))
    }
    const url = scene.server.visit(sent)
    secret(new URL(url).searchParams.get('code') ?? '')
    start.client.dispose()
    arrange?.(scene)
    const app = scene.open(back?.(url, sent) ?? url)
    const state = await until(app.client.callback, 'failed', 'denied', 'cancelled', 'connected')
    await settled()
    expect(state).toMatchObject({ status: 'failed', error: { code } })
    const { error } = state as { error: CountersignError }
    for (const one of [error, error.stack, error.message, String(error), error.cause, JSON.stringify(error)])
      expect(leaksOf(one)).toEqual([])
    expect(leaksOf(await visible(scene, app))).toEqual([])
    for (const spy of output) expect(spy).not.toHaveBeenCalled()
  },
)
