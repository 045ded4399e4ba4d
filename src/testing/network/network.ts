import type { KitClock } from '../browser/clock.js'
import type { Server } from '../servers/server.js'
import { json, type ServerRequest } from '../servers/http.js'
import { contractCallOf, type KitBackend } from './backend.js'
import type { Faults } from './faults.js'
import { readRequest } from './read-request.js'
import { describeRequest, type BankRequest, type RequestTarget } from './requests.js'

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
  readonly noteVisit: (provider: string, request: ServerRequest) => void
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
  let inFlight = 0
  let delayed = 0

  async function answer(
    from: 'page' | 'backend',
    request: ServerRequest,
    signal?: AbortSignal | null,
  ): Promise<Response | undefined> {
    const servers = await open()
    const target = findTarget(servers, request)
    if (!target) return undefined
    const { entry, answered } = describeRequest(from, target, request, clock.now())
    requests.push(entry)
    const fault = faults.take(entry)
    if (from === 'page' && faults.delayMilliseconds > 0) {
      delayed += 1
      await wait(clock, faults.delayMilliseconds, signal).finally(() => (delayed -= 1))
    }
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

  async function count<T>(work: () => Promise<T>): Promise<T> {
    inFlight += 1
    try {
      return await work()
    } finally {
      inFlight -= 1
    }
  }

  return {
    requests,
    inFlight: () => inFlight,
    delayed: () => delayed,
    clear: () => void requests.splice(0),
    fetchFor: (from, certificate) => (input, init) =>
      count(async () => {
        // The client looks so whether a server is there at all. Where an answer was lost, none is.
        const isProbe = init?.mode === 'no-cors'
        if (isProbe || (from === 'page' && faults.offline)) throw noAnswer()
        const request = await readRequest(input, init, { base: origin, ...(certificate && { certificate }) })
        const response = await answer(from, request, init?.signal)
        if (response) return response
        const { origin: server, pathname } = request.url
        throw new TypeError(
          `countersign/testing: nothing answers at ${server}${pathname}. It is neither the \`backend\` nor an address of a configured provider.`,
        )
      }),
    handle: (request) =>
      count(async () => answer('page', await readRequest(request.clone(), {}, { base: origin }))),
    noteVisit(provider, request) {
      const { entry, answered } = describeRequest(
        'person',
        { to: 'provider', provider, endpoint: 'authorization' },
        request,
        clock.now(),
      )
      answered(200)
      requests.push(entry)
    },
  }
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
