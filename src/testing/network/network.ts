import type { KitClock } from '../browser/clock.js'
import type { Server } from '../servers/server.js'
import { json, type ServerRequest } from '../servers/http.js'
import { contractCallOf, type KitBackend } from './backend.js'
import type { Faults } from './faults.js'
import { readRequest } from './read-request.js'
import { describeRequest, type BankRequest, type OpenRequest, type RequestTarget } from './requests.js'

/** Everything that answers. */
export interface Servers {
  readonly all: readonly Server[]
  readonly backend: KitBackend | undefined
}

/** The network between page, backend and providers. */
export interface Network {
  readonly fetchFor: (from: 'page' | 'backend', certificate?: boolean) => typeof fetch
  /** Answers a request that is for this bank; `undefined` for any other. */
  readonly handle: (request: Request) => Promise<Response | undefined>
  readonly requests: readonly BankRequest[]
  /** Notes that a person has opened an authorization URL. */
  readonly noteVisit: (provider: string, url: URL) => BankRequest
  /** Number of requests that wait for an answer. */
  readonly inFlight: () => number
  /** Number of those that wait for time to pass. */
  readonly delayed: () => number
  readonly clear: () => void
}

/** Makes the network. @param origin of the app's pages, for relative addresses */
export function createNetwork(
  open: () => Promise<Servers>,
  { clock, faults, origin }: { readonly clock: KitClock; readonly faults: Faults; readonly origin: string },
): Network {
  const requests: BankRequest[] = []
  const inFlight = new Set<symbol>()
  const delayed = new Set<symbol>()
  const note: Carrier['note'] = (...described) => {
    const open = describeRequest(...described, clock.now())
    requests.push(open.entry)
    return open
  }
  const carrier: Carrier = {
    open,
    faults,
    note,
    delay: (signal) => during(delayed, () => wait(clock, faults.delayMilliseconds(), signal)),
  }
  return {
    requests,
    inFlight: () => inFlight.size,
    delayed: () => delayed.size,
    clear: () => void requests.splice(0),
    fetchFor: (from, certificate) => (input, init) =>
      during(inFlight, async () => {
        // The client looks so whether a server is there at all. Where an answer was lost, none is.
        const isProbe = init?.mode === 'no-cors'
        if (isProbe || (from === 'page' && faults.isOffline())) throw noAnswer()
        const request = await readRequest(input, init, { base: origin, ...(certificate && { certificate }) })
        return (await carry(carrier, from, request, init?.signal)) ?? nobody(request)
      }),
    handle: (request) =>
      during(inFlight, async () =>
        carry(carrier, 'page', await readRequest(request.clone(), {}, { base: origin })),
      ),
    noteVisit(provider, url) {
      const request = { method: 'GET', url, headers: new Headers(), body: '', certificate: false }
      const target = { to: 'provider', provider, endpoint: 'authorization' } as const
      const { entry, answered } = note('person', target, request)
      answered(200)
      return entry
    },
  }
}

/** What it takes to carry a request. */
interface Carrier {
  readonly open: () => Promise<Servers>
  readonly faults: Faults
  readonly note: (from: BankRequest['from'], target: RequestTarget, request: ServerRequest) => OpenRequest
  readonly delay: (signal: AbortSignal | null | undefined) => Promise<void>
}

/** Carries a request to whoever answers it, and the answer back, unless something goes wrong on the way. */
async function carry(
  { open, faults, note, delay }: Carrier,
  from: 'page' | 'backend',
  request: ServerRequest,
  signal?: AbortSignal | null,
): Promise<Response | undefined> {
  const target = findTarget(await open(), request)
  if (!target) return undefined
  const { entry, answered } = note(from, target, request)
  const fault = faults.take(entry)
  if (from === 'page' && faults.delayMilliseconds() > 0) await delay(signal)
  if (fault?.kind === 'refused') {
    const { status = 400, error = 'server_error', headers = {} } = fault.refusal
    answered(status)
    return json({ error, error_description: 'The test wants it so.' }, status, headers)
  }
  const response = await target.answer()
  if (fault?.kind === 'lost') throw noAnswer()
  answered(response.status)
  return response
}

/** Keeps a mark in a set while work is under way. */
async function during<T>(set: Set<symbol>, work: () => Promise<T>): Promise<T> {
  const mark = Symbol('work')
  set.add(mark)
  try {
    return await work()
  } finally {
    set.delete(mark)
  }
}

function nobody({ url: { origin, pathname } }: ServerRequest): never {
  throw new TypeError(
    `countersign/testing: nothing answers at ${origin}${pathname}. It is neither the \`backend\` nor an address of a configured provider.`,
  )
}

const noAnswer = (): TypeError => new TypeError('Failed to fetch')

type Target = RequestTarget & { readonly answer: () => Promise<Response> }

function findTarget({ all, backend }: Servers, request: ServerRequest): Target | undefined {
  const { url, method } = request
  const address = url.origin + url.pathname
  if (backend && address.startsWith(`${backend.url}/`)) {
    const call = contractCallOf(method, address.slice(backend.url.length + 1))
    return { to: 'backend', ...call, answer: () => backend.answer(request) }
  }
  const candidates = all.filter((server) => server.endpointOf(url) !== undefined)
  // Several may share an API: the one that has issued the token answers.
  const server = candidates.find(({ grants }) => grants.findAccessToken(tokenOf(request))) ?? candidates[0]
  const endpoint = server?.endpointOf(url)
  if (!server || endpoint === undefined) return undefined
  const provider = nameOf(server, request)
  return { to: 'provider', provider, endpoint, answer: () => server.answer(request, endpoint) }
}

const tokenOf = ({ headers }: ServerRequest): string =>
  /^\w+ (\S+)$/.exec(headers.get('authorization') ?? '')?.[1] ?? ''

/** The provider that a request is about: where several share a server, by the redirect URI or the token. */
function nameOf({ registrations, grants }: Server, request: ServerRequest): string {
  const form = new URLSearchParams(request.body)
  const grant =
    grants.findAccessToken(tokenOf(request))?.grant ?? grants.lookUp(form.get('refresh_token') ?? '')
  const uri = form.get('redirect_uri')
  const found = grant?.registration ?? registrations.find(({ redirectUri }) => redirectUri === uri)
  return (found ?? registrations[0])?.name ?? ''
}

const wait = (clock: KitClock, milliseconds: number, signal: AbortSignal | null | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    clock.after(milliseconds / 1000, resolve)
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
