import { singleUser } from 'countersign/core'
import { apiture, backend, basis, defineProvider, fdx, moneyhub, oidc, stitch } from 'countersign/providers'
import { fakeBank, type FakeBankOptions } from 'countersign/testing'
import { describe, expect, test } from 'vitest'
import { until } from '../support/until.js'

const issuer = 'https://as.example'
const scope = 'openid accounts offline_access'
const mode = { authorizationEndpoint: `${issuer}/authorize`, api: `${issuer}/v1` }

const options = {
  subject: singleUser,
  backend: '/connect',
  providers: {
    browser: oidc({ issuer, clientId: 'a', scope, api: `${issuer}/v1`, details: ['name'] }),
    dpop: oidc({
      issuer: 'https://dpop.example',
      clientId: 'a',
      scope,
      api: 'https://dpop.example/v1',
      dpop: true,
      par: true,
    }),
    mediated: oidc({
      ...mode,
      issuer: 'https://m.example',
      authorizationEndpoint: 'https://m.example/authorize',
      clientId: 'b',
      scope,
      mode: 'mediated',
      details: ['name'],
    }),
    bff: oidc({
      ...mode,
      issuer: 'https://b.example',
      authorizationEndpoint: 'https://b.example/authorize',
      clientId: 'c',
      scope,
      mode: 'bff',
    }),
    apiture: apiture({
      clientId: 'd',
      environment: 'cat',
      scope: 'openid banking/read offline_access',
      api: 'https://cat-oidc.apiture-comm-preprod.com/banking',
    }),
    stitch: stitch({ clientId: 'test-1', scope: 'openid accounts balances offline_access' }),
    stitchBff: stitch({
      clientId: 'test-2',
      scope: 'openid accounts',
      mode: 'bff',
      authorizationEndpoint: 'https://other.stitch.example/connect/authorize',
      api: 'https://other.stitch.example/',
    }),
    basis: basis({
      clientId: '06914d28-f034-4d52-b048-e11024957c11',
      environment: 'development',
      api: 'https://api.development.usebasis.co/',
    }),
    moneyhub: moneyhub({ clientId: 'mh' }),
    once: moneyhub({ clientId: 'mh', useCase: 'one-time', mode: 'mediated' }),
    fdx: fdx({
      clientId: 'fdx',
      issuer: 'https://bank.example/fdx',
      scope: 'READ_CONSENTS UPDATE_CONSENTS ACCOUNT_BASIC',
    }),
    own: defineProvider({
      label: 'Own',
      clientId: 'own',
      scope: 'accounts',
      authorizationEndpoint: 'https://own.example/authorize',
      api: 'https://own.example/api',
      channel: backend('mediated'),
      toInput: ({ branch = 'main' }: { branch?: string }) => ({ branch }),
    }),
  },
} satisfies FakeBankOptions

type Name = keyof typeof options.providers

const inputs: Partial<Record<Name, object>> = {
  basis: { platformId: '70a5e5d3-00df-50f2-9f19-544d1f54c4bf' },
  moneyhub: { bankId: 'test' },
  once: { bankId: 'test' },
  fdx: { consentRequest: 'budget' },
}

const paths: Record<Name, string> = {
  browser: 'accounts',
  dpop: 'accounts',
  mediated: 'accounts',
  bff: 'accounts',
  own: 'accounts',
  apiture: 'accounts',
  moneyhub: 'accounts',
  once: 'accounts',
  fdx: 'accounts',
  stitch: 'graphql',
  stitchBff: 'graphql',
  basis: 'profiles/profile-1',
}

describe.each(Object.keys(options.providers) as Name[])('%s', (name) => {
  const open = () => {
    const bank = fakeBank(options)
    bank.client.authorization(name as 'browser', inputs[name]).authorize()
    return bank
  }

  test('connects, reads data and ends', async () => {
    const bank = open()
    const outcome = await bank.approve(name, {
      accounts: [{ name: 'Giro', accountId: 'g' }],
      ...(name === 'basis' && { details: { profileId: 'profile-1' } }),
    })
    expect(outcome).toMatchObject({ status: 'connected', connection: { provider: name } })
    const tokens = await until(bank.client.tokens(name as 'browser'), 'connected')
    const isGraphql = paths[name] === 'graphql'
    const response = await tokens.fetch(
      paths[name],
      isGraphql
        ? {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query: '{ user { bankAccounts { name } } }' }),
          }
        : {},
    )
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('Giro')
    await tokens.disconnect()
    await until(bank.client.tokens(name as 'browser'), 'disconnected')
  })

  test('comes back from a refusal', async () => {
    expect(await open().deny(name)).toMatchObject({ status: 'denied' })
  })
})

describe('the transactions of Moneyhub', () => {
  interface Page {
    readonly data: readonly { readonly accountId: string; readonly date: string }[]
  }

  test('are there for every account, the newest first, and as far as they are asked for', async () => {
    const accounts = [{ id: 'one' }, { id: 'two' }, { name: 'an account without an id' }]
    const bank = fakeBank({ ...options, connected: { moneyhub: { accounts } } })
    const { fetch } = await until(bank.client.tokens('moneyhub'), 'connected')
    const read = async (query = '') => ((await (await fetch(`transactions${query}`)).json()) as Page).data
    const all = await read()
    expect(new Set(all.map(({ accountId }) => accountId))).toEqual(new Set(['one', 'two']))
    const dates = all.map(({ date }) => date)
    expect(dates).toEqual([...dates].sort().reverse())
    expect(new Set((await read('?accountId=two')).map(({ accountId }) => accountId))).toEqual(
      new Set(['two']),
    )
    expect(await read('?limit=1')).toEqual(all.slice(0, 1))
  })

  test('are those of the sample accounts where the person names none', async () => {
    const bank = fakeBank({ ...options, connected: { moneyhub: {} } })
    const { fetch } = await until(bank.client.tokens('moneyhub'), 'connected')
    const { data } = (await (await fetch('transactions')).json()) as Page
    expect(data.map(({ accountId }) => accountId)).toContain('mh-2')
  })
})
