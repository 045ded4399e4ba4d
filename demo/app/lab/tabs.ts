import { bank } from '../bank.js'
import { createStore, useStore } from '../store.js'

/** What the tabs of this page say to one another. */
type Message =
  | { readonly kind: 'hello' | 'here' | 'gone'; readonly tab: string }
  | { readonly kind: 'ask'; readonly connection: string }
  | { readonly kind: 'answer'; readonly tab: string; readonly good: number; readonly bad: number }

const me = Math.random().toString(36).slice(2)
const known = createStore<readonly string[]>([me])
const answers = createStore<Readonly<Record<string, { readonly good: number; readonly bad: number }>>>({})
const callers = 10
let channel: BroadcastChannel | undefined

const add = (tab: string): void => {
  known.change((before) => (before.includes(tab) ? before : [...before, tab]))
}

/** Makes this tab known to the others, and lets it ask when one of them says so. */
export function joinTabs(): void {
  if (channel) return
  channel = new BroadcastChannel('lasagna:lab')
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data.kind === 'hello') send({ kind: 'here', tab: me })
    if (data.kind === 'hello' || data.kind === 'here') add(data.tab)
    if (data.kind === 'gone') known.change((before) => before.filter((one) => one !== data.tab))
    if (data.kind === 'ask')
      void ask(data.connection).then((answer) => send({ kind: 'answer', tab: me, ...answer }))
    if (data.kind === 'answer') note(data.tab, data)
  }
  send({ kind: 'hello', tab: me })
  addEventListener('pagehide', () => {
    send({ kind: 'gone', tab: me })
  })
  // It may come back out of the back/forward cache.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) send({ kind: 'hello', tab: me })
  })
}

const send = (message: Message): void => channel?.postMessage(message)

const note = (tab: string, { good, bad }: { good: number; bad: number }): void => {
  answers.change((before) => ({ ...before, [tab]: { good, bad } }))
}

/** How many tabs of this page are open. */
export const useTabCount = (): number => useStore(known).length

/** Lets every tab ask for accounts, ten callers in each at the same moment. Resolves with how many were answered. */
export async function askInEveryTab(
  connection: string,
): Promise<{ readonly tabs: number; readonly good: number; readonly bad: number }> {
  answers.set({})
  send({ kind: 'ask', connection })
  note(me, await ask(connection))
  await new Promise<void>((resolve) => {
    const finish = () => {
      stop()
      clearTimeout(late)
      resolve()
    }
    // A tab may have been closed meanwhile.
    const late = setTimeout(finish, 10_000)
    const check = () => {
      if (Object.keys(answers.get()).length >= known.get().length) finish()
    }
    const stop = answers.subscribe(check)
    check()
  })
  const all = Object.values(answers.get())
  return {
    tabs: all.length,
    good: all.reduce((sum, { good }) => sum + good, 0),
    bad: all.reduce((sum, { bad }) => sum + bad, 0),
  }
}

async function ask(connection: string): Promise<{ good: number; bad: number }> {
  const state = await bank.ready('openid', { connection })
  if (state.status !== 'connected') return { good: 0, bad: callers }
  const settled = await Promise.allSettled(Array.from({ length: callers }, () => state.fetch('accounts')))
  const good = settled.filter((one) => one.status === 'fulfilled' && one.value.ok).length
  return { good, bad: callers - good }
}
