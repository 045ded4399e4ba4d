// The recipes of docs/guards.md, taken from the page and run as they stand there.
import { screen, waitFor } from '@testing-library/react'
import * as countersign from 'countersign'
import * as messages from 'countersign/messages'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as React from 'react'
import * as jsxRuntime from 'react/jsx-runtime'
import type * as ReactRouter from 'react-router'
import ts from 'typescript'
import { describe, expect, test, vi } from 'vitest'
import { openBank, openVisit } from '../support/bank.js'
import { renderWith } from '../support/render.js'
import { settled, until } from '../support/until.js'

// By require, so that it has the same React as the rest, in the project with React 18 too.
const router = createRequire(import.meta.url)('react-router') as typeof ReactRouter

const page = readFileSync('docs/guards.md', 'utf8')

/** Runs the recipe that declares a name, with the packages that it imports, and gives what it exports. */
function run(name: string, packages: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const recipe = [...page.matchAll(/^```tsx?\n([^]*?)^```/gm)]
    .map(([, code = '']) => code)
    .find((code) => code.includes(` ${name}(`))
  if (recipe === undefined) throw new Error(`docs/guards.md has no recipe with ${name}`)
  // The bank of these tests is called `bank`.
  const { outputText } = ts.transpileModule(recipe.replaceAll("'stitch'", "'bank'"), {
    fileName: 'recipe.tsx',
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      jsx: ts.JsxEmit.ReactJSX,
    },
  })
  const all: Readonly<Record<string, unknown>> = {
    countersign,
    'countersign/messages': messages,
    react: React,
    'react/jsx-runtime': jsxRuntime,
    ...packages,
  }
  const exports = {}
  const load = (specifier: string): unknown => {
    if (!(specifier in all)) throw new Error(`the recipe imports ${specifier}`)
    return all[specifier]
  }
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- code of our own documents
  new Function('require', 'exports', outputText)(load, exports)
  return exports
}

type Bank = ReturnType<typeof openBank>

/** A user whom the page learns of later: one who comes back from the bank, or one who has no connection. */
async function laterUser(isBack: boolean) {
  let signIn!: (subject: string | null) => void
  let fail!: (error: Error) => void
  const subject = new Promise<string | null>((resolve, reject) => {
    signIn = resolve
    fail = reject
  })
  const bank = openBank({ subject })
  if (isBack) {
    bank.client.setSubject('anna')
    bank.client.authorization('bank').authorize()
    await bank.arrival('bank')
    await approve(bank)
  }
  return { bank, signIn, fail }
}

/** The bank sends the person back, to a page that has not redeemed the code yet. */
async function approve(bank: Bank): Promise<void> {
  void bank.approve('bank')
  await until(bank.client.callback, 'pending')
}

/** Every address that a guard of React Router brings somebody to, the first one included. */
function renderLayout({ client }: Bank): { readonly visited: string[] } {
  const { Connected } = run('Connected', { 'react-router': router }) as { Connected: React.ComponentType }
  const routes = [
    { element: <Connected />, children: [{ path: '/accounts', element: <p>The accounts</p> }] },
    { path: '/connect', element: <p>Connect</p> },
    { path: '/login', element: <p>Sign in</p> },
  ]
  const memory = router.createMemoryRouter(routes, { initialEntries: ['/accounts'] })
  const visited = [memory.state.location.pathname]
  memory.subscribe(({ location }) => {
    if (location.pathname !== visited.at(-1)) visited.push(location.pathname)
  })
  renderWith(client, <router.RouterProvider router={memory} />)
  return { visited }
}

describe('the layout route of React Router', () => {
  test('keeps somebody who is connected, however late it is known', async () => {
    const { bank, signIn } = await laterUser(true)
    const seen = new Set<string>()
    bank.client.callback.subscribe(() => seen.add(bank.client.callback.get().status))
    const { visited } = renderLayout(bank)
    expect(screen.getByText('One moment…')).toBeDefined()
    signIn('anna')
    expect(await screen.findByText('The accounts')).toBeDefined()
    expect(visited).toEqual(['/accounts'])
    expect([...seen]).toEqual(['connected'])
  })

  test('waits for the response that the page was opened with, also where the user is known at once', async () => {
    const bank = openVisit({ subject: 'anna' })
    await bank.arrival('bank')
    await approve(bank)
    const { visited } = renderLayout(bank)
    expect(screen.getByText('One moment…')).toBeDefined()
    expect(await screen.findByText('The accounts')).toBeDefined()
    expect(visited).toEqual(['/accounts'])
  })

  test('sends somebody who has no connection to connect, when that is known', async () => {
    const { bank, signIn } = await laterUser(false)
    const { visited } = renderLayout(bank)
    expect(visited).toEqual(['/accounts'])
    signIn('anna')
    expect(await screen.findByText('Connect')).toBeDefined()
    expect(visited).toEqual(['/accounts', '/connect'])
  })

  test('sends somebody who is not signed in to sign in', async () => {
    const { bank, signIn } = await laterUser(false)
    const { visited } = renderLayout(bank)
    signIn(null)
    expect(await screen.findByText('Sign in')).toBeDefined()
    expect(visited).toEqual(['/accounts', '/login'])
  })

  test('sends nobody away when it cannot be known, and says so in words for people', async () => {
    const { bank, fail } = await laterUser(false)
    const { visited } = renderLayout(bank)
    fail(new Error('/api/me answered with status 503.'))
    expect(await screen.findByText(messages.english.subject_unknown)).toBeDefined()
    expect(visited).toEqual(['/accounts'])
  })
})

describe('the loader of React Router', () => {
  /** The recipe's router, which reads the address of this window. */
  function start({ client }: Bank) {
    window.history.replaceState({}, '', '/accounts')
    const { router: made } = run('accountsLoader', { 'react-router': router, './bank': { bank: client } })
    return made as ReturnType<typeof router.createBrowserRouter>
  }

  test('keeps somebody who is connected, however late it is known, and loads', async () => {
    const { bank, signIn } = await laterUser(true)
    const made = start(bank)
    await settled()
    expect([made.state.initialized, window.location.pathname]).toEqual([false, '/accounts'])
    signIn('anna')
    await waitFor(() => {
      expect(made.state.initialized).toBe(true)
    })
    expect([made.state.errors, window.location.pathname]).toEqual([null, '/accounts'])
    expect(bank.requestsTo('bank', 'api')).toHaveLength(1)
    made.dispose()
  })

  test.each([
    ['somebody who has no connection to connect', 'anna', '/connect'],
    ['somebody who is not signed in to sign in', null, '/login'],
  ])('sends %s', async (_what, subject, target) => {
    const { bank, signIn } = await laterUser(false)
    const made = start(bank)
    signIn(subject)
    await waitFor(() => {
      expect(window.location.pathname).toBe(target)
    })
    made.dispose()
  })
})

describe('the component for Next', () => {
  function renderOnly({ client }: Bank) {
    const replace = vi.fn()
    const { ConnectedOnly } = run('ConnectedOnly', {
      'next/navigation': { useRouter: () => stable },
    }) as { ConnectedOnly: React.ComponentType<{ children: React.ReactNode }> }
    const stable = { replace }
    renderWith(client, <ConnectedOnly>The accounts</ConnectedOnly>)
    return replace
  }

  test('keeps somebody who is connected, however late it is known', async () => {
    const { bank, signIn } = await laterUser(true)
    const replace = renderOnly(bank)
    expect(screen.getByText('One moment…')).toBeDefined()
    signIn('anna')
    expect(await screen.findByText('The accounts')).toBeDefined()
    expect(replace).not.toHaveBeenCalled()
  })

  test.each([
    ['somebody who has no connection to connect', 'anna', '/connect'],
    ['somebody who is not signed in to sign in', null, '/login'],
  ])('sends %s', async (_what, subject, target) => {
    const { bank, signIn } = await laterUser(false)
    const replace = renderOnly(bank)
    signIn(subject)
    await waitFor(() => {
      expect(replace).toHaveBeenCalledWith(target)
    })
    expect(new Set(replace.mock.calls.flat())).toEqual(new Set([target]))
  })
})

describe('the query of TanStack', () => {
  interface Query {
    readonly queryKey: readonly unknown[]
    readonly queryFn: (context: { readonly signal: AbortSignal }) => Promise<unknown>
  }

  /** Runs the query's function, as TanStack Query would: it is not installed here. */
  function query({ client }: Bank) {
    const { useAccounts: accountsOf } = run('useAccounts', {
      '@tanstack/react-query': { useQuery: (given: Query) => given },
      './bank': { bank: client },
    }) as { useAccounts: (userId: string) => Query }
    const { queryKey, queryFn } = accountsOf('anna')
    expect(queryKey).toContain('anna')
    const controller = new AbortController()
    return { result: queryFn(controller), controller }
  }

  test('waits until it is known, and loads', async () => {
    const { bank, signIn } = await laterUser(true)
    const { result } = query(bank)
    await settled()
    expect(bank.requestsTo('bank', 'api')).toEqual([])
    signIn('anna')
    expect(await result).toEqual(expect.anything())
    expect(bank.requestsTo('bank', 'api')).toHaveLength(1)
  })

  test('has nothing where there is no connection', async () => {
    const { bank, signIn } = await laterUser(false)
    const { result } = query(bank)
    signIn('anna')
    expect(await result).toBeNull()
  })

  test('ends with the query', async () => {
    const { bank } = await laterUser(false)
    const { result, controller } = query(bank)
    controller.abort(new Error('left'))
    await expect(result).rejects.toThrow('left')
  })
})
