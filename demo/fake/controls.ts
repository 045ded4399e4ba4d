import type { World } from '../../src/testing/world.js'

/** What a bank can be told to do in the next visit. */
export interface Told {
  readonly outcome?: 'approve' | 'deny' | 'cancel'
  readonly error?: string
  readonly automatic?: boolean
  readonly person?: string
  readonly accessTokenSeconds?: number
}

/** What a bank can be told to do with its next requests. */
interface Faults {
  readonly token?: unknown
  readonly par?: { readonly error?: string }
}

/** What the page's scenarios and bad days need of the fake banks. */
export interface Controls {
  /** What a bank is to do in this visit; it is told once. */
  readonly takeForVisit: (provider: string) => Told
  /** Whether the app's session is to end on the way back; it ends once. */
  readonly takeLostSession: () => boolean
  /** Answers `/banks/{provider}/next`, `seen` and `expire`, and `/mishaps`. @returns undefined for any other path */
  readonly answer: (path: string, request: Request) => Promise<Response | undefined>
}

/** Two providers of the page, one bank. */
const bankOf = (provider: string): string => (provider === 'moneyhubOnce' ? 'moneyhub' : provider)

/** Creates {@link Controls}, by which nothing has been told yet. */
export function createControls(world: World): Controls {
  const told = new Map<string, Told & Faults>()
  let losesSession = false

  async function answerBank(provider: string, part: string, request: Request): Promise<Response> {
    if (part === 'seen') return Response.json(count(world, provider, sinceOf(request)))
    if (part === 'expire') await expire(world, provider)
    else if (request.method === 'DELETE') told.delete(bankOf(provider))
    else if (request.method === 'POST') tell(provider, (await request.json()) as Told & Faults)
    return Response.json({ next: Object.keys(told.get(bankOf(provider)) ?? {}) })
  }

  /** The kit's network takes its faults by itself; all else waits for the visit. */
  function tell(provider: string, { token, par, ...visit }: Told & Faults): void {
    const target = { provider }
    if (token !== undefined) world.faults.add('token', { kind: 'lost' }, target)
    if (par) world.faults.add('par', { kind: 'refused', refusal: { ...par } }, target)
    const name = bankOf(provider)
    if (Object.keys(visit).length > 0) told.set(name, { ...told.get(name), ...visit })
  }

  return {
    takeForVisit(provider) {
      const name = bankOf(provider)
      const visit = told.get(name) ?? {}
      told.delete(name)
      return visit
    },
    takeLostSession() {
      const loses = losesSession
      losesSession = false
      return loses
    },
    async answer(path, request) {
      const [, provider, part = ''] = /^\/banks\/(\w+)\/(next|seen|expire)$/.exec(path) ?? []
      if (provider !== undefined) return answerBank(provider, part, request)
      if (path !== '/mishaps') return undefined
      const { mishap } = (await request.json()) as { readonly mishap?: unknown }
      if (mishap === 'lose-cookie') losesSession = true
      else world.faults.add('token', { kind: 'lost' }, { to: 'backend' })
      return Response.json({})
    },
  }
}

const sinceOf = ({ url }: Request): number => Number(new URL(url).searchParams.get('since') ?? 0)

/** What a bank has received since a time, in milliseconds: how often, and how that was answered. */
function count({ network }: World, name: string, since: number): object {
  const requests = network.requests.filter(
    ({ to, provider, at }) => to === 'provider' && bankOf(provider) === bankOf(name) && at * 1000 >= since,
  )
  const tokens = requests.filter(({ endpoint }) => endpoint === 'token')
  const data = requests.filter(({ endpoint }) => endpoint === 'api')
  return {
    redemptions: tokens.filter(({ grantType }) => grantType === 'authorization_code').length,
    refreshes: tokens.filter(({ grantType }) => grantType === 'refresh_token').length,
    requests: data.length,
    refused: [...tokens, ...data].filter(({ status = 0 }) => status >= 400).length,
  }
}

async function expire(world: World, provider: string): Promise<void> {
  const { all } = await world.servers()
  for (const { grants } of all)
    grants.expireAccessTokens(({ registration: { name } }) => bankOf(name) === bankOf(provider))
}
