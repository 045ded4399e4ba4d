import type { Page } from 'playwright-core'
import type { Client, TokensState } from 'countersign'

/** What the pages of `demo/bench` have in their window. */
interface BenchWindow {
  readonly bank: Client
}

/** What became of callers that asked for an access token at the same time. */
export interface Answers {
  /** The different tokens, by a short hash: a token itself does not leave its page. */
  readonly tokens: readonly string[]
  readonly answered: number
  /** The codes of the errors. */
  readonly errors: readonly string[]
}

/** Lets `callers` ask for the access token of a provider's connection at the same moment. */
export function askForToken(page: Page, provider: string, callers = 1): Promise<Answers> {
  return page.evaluate(
    async ({ provider, callers }) => {
      const { bank } = window as unknown as BenchWindow
      const state = bank.tokens(provider).get() as TokensState
      if (state.status !== 'connected' || !('getAccessToken' in state)) throw new Error(state.status)
      const settled = await Promise.allSettled(Array.from({ length: callers }, state.getAccessToken))
      const found = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      const hash = async (token: string) =>
        btoa(
          String.fromCharCode(
            ...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))),
          ),
        )
      return {
        tokens: await Promise.all([...new Set(found)].map(hash)),
        answered: found.length,
        errors: settled.flatMap((one) =>
          one.status === 'rejected' ? [(one.reason as { code?: string }).code ?? String(one.reason)] : [],
        ),
      }
    },
    { provider, callers },
  )
}

/** Lets `callers` send a request to a provider's API at the same moment. Resolves with the statuses of the answers. */
export function askResource(
  page: Page,
  provider: string,
  path: string,
  init: RequestInit = {},
  callers = 1,
): Promise<readonly number[]> {
  return page.evaluate(
    async ({ provider, path, init, callers }) => {
      const state = (window as unknown as BenchWindow).bank.tokens(provider).get()
      if (state.status !== 'connected') throw new Error(state.status)
      const answers = await Promise.all(Array.from({ length: callers }, () => state.fetch(path, init)))
      return answers.map(({ status }) => status)
    },
    { provider, path, init, callers },
  )
}

/** Keeps every tab from refreshing until `release`, so that all of them have asked before the first one is answered. */
export async function holdRefreshes(page: Page) {
  const lock = await page.evaluateHandle(async () => {
    const { bank } = window as unknown as BenchWindow
    const state = bank.connections.get()
    if (state.status !== 'ready' || !state.connections[0]) throw new Error(state.status)
    const name = `countersign:refresh:${state.connections[0].id}`
    return new Promise<{ readonly name: string; readonly release: () => void }>((resolve) => {
      void navigator.locks.request(
        name,
        () =>
          new Promise<void>((release) => {
            resolve({ name, release })
          }),
      )
    })
  })
  return {
    /** Waits until so many tabs wait for their turn. */
    waitForTabs: async (count: number): Promise<void> => {
      await page.waitForFunction(
        async ([{ name }, wanted]) => {
          const { pending = [] } = await navigator.locks.query()
          return pending.filter((one) => one.name === name).length === wanted
        },
        [lock, count] as const,
      )
    },
    release: () =>
      lock.evaluate(({ release }) => {
        release()
      }),
  }
}
