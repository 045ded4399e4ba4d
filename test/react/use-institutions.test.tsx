import { act, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { createClient, useAuthorize, useInstitutions, type Client } from 'countersign'
import { moneyhub } from 'countersign/providers'
import { useState } from 'react'
import { renderToString } from 'react-dom/server'
import { expect, onTestFinished, test } from 'vitest'
import { createBrowser } from '../support/browser.js'
import { renderWith } from '../support/render.js'
import { eventually } from '../support/until.js'

const providers = { moneyhub: moneyhub({ clientId: '7d0f2c1e-9b64-4a7d-8a51-3e5f60c9b2d4' }) }
type App = Client<typeof providers>

const banks = ['Larkspur', 'Prairie'].map((name) => ({ id: name.toLowerCase(), name }))

/** A page whose backend searches two banks. */
function open() {
  const browser = createBrowser()
  const requests: { readonly path: string; readonly body: string }[] = []
  const scene = { isDown: false }
  const answer = (body: object, status = 200) =>
    new Response(JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json', countersign: '1' },
    })
  const client: App = createClient({
    providers,
    subject: 'robin',
    backend: {
      url: '/connect',
      fetch(input, init) {
        const { pathname, searchParams, search } = new URL(input)
        requests.push({ path: pathname + search, body: typeof init.body === 'string' ? init.body : '' })
        if (scene.isDown) return Promise.resolve(answer({ error: 'provider_unavailable' }, 504))
        const query = searchParams.get('query') ?? ''
        const institutions = banks.filter(({ id }) => id.startsWith(query))
        return Promise.resolve(answer({ connections: [], institutions }))
      },
    },
    platform: browser.open('/').platform,
  })
  onTestFinished(() => {
    client.dispose()
  })
  const asked = () => requests.map(({ path }) => path).filter((path) => path.includes('/institutions'))
  return { browser, client, scene, requests, asked }
}

function Picker({ client }: { readonly client: App }) {
  const [query, setQuery] = useState('')
  const state = useInstitutions('moneyhub', { client, query })
  const { authorize } = useAuthorize('moneyhub', {}, { client })
  return (
    <>
      <output>{state.status}</output>
      <input aria-label="Search" value={query} onChange={(event) => setQuery(event.target.value)} />
      {state.institutions.map(({ id, name, input }) => (
        <button key={id} onClick={() => authorize(input)}>
          {name}
        </button>
      ))}
      {state.status === 'failed' && <button onClick={state.retry}>Again</button>}
    </>
  )
}

const shown = () => screen.getAllByRole('button').map(({ textContent }) => textContent)

test('shows the banks, those that a query finds, and goes to the one that is chosen', async () => {
  const { browser, client, requests, asked } = open()
  renderWith(client, <Picker client={client} />)
  await screen.findByText('Prairie')
  expect(shown()).toEqual(['Larkspur', 'Prairie'])
  await userEvent.type(screen.getByLabelText('Search'), 'pra')
  // The list before stays while the next one is on its way.
  expect(shown()).toEqual(['Larkspur', 'Prairie'])
  await eventually(() => {
    act(() => {
      browser.clock.advance(1)
    })
    expect(shown()).toEqual(['Prairie'])
  })
  expect(asked()).toEqual(['/connect/moneyhub/institutions', '/connect/moneyhub/institutions?query=pra'])
  await userEvent.click(screen.getByText('Prairie'))
  await eventually(() => {
    const begun = requests.find(({ path }) => path.endsWith('/authorization'))
    expect(JSON.parse(begun?.body ?? '{}')).toMatchObject({ input: { mode: 'connect', bank_id: 'prairie' } })
  })
})

test('shows that the list could not be had, and gets it by retry', async () => {
  const { client, scene } = open()
  scene.isDown = true
  renderWith(client, <Picker client={client} />)
  await screen.findByText('failed')
  scene.isDown = false
  await userEvent.click(screen.getByText('Again'))
  await screen.findByText('Larkspur')
  expect(screen.getByRole('status').textContent).toBe('ready')
})

test('renders as loading on a server, which asks for nothing', () => {
  const { client, asked } = open()
  expect(renderToString(<Picker client={client} />)).toContain('loading')
  expect(asked()).toEqual([])
})
