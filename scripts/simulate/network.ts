import type { Actor, Scheduler } from './scheduler.js'

/** A request, as its sender knows it. */
export interface Exchange {
  readonly client: Actor
  readonly url: URL
  readonly form: URLSearchParams
  readonly headers: Headers
  /** Step and time at which it was sent. */
  readonly step: number
  readonly at: number
  /** What has come of it for the client; `undefined` while that waits. */
  settled?: 'answer' | 'failure'
  /** The status that the client has seen. */
  status?: number
}

/** Whoever answers; a promise for one that is itself an actor. `undefined` where nobody listens. */
export type Serve = (
  request: Request,
  exchange: Exchange,
) => Response | Promise<Response | undefined> | undefined

export interface Network {
  readonly exchanges: readonly Exchange[]
  /** The `fetch` of an actor. */
  readonly fetchOf: (client: Actor, headers?: () => Readonly<Record<string, string>>) => typeof fetch
}

const failed = (): TypeError => new TypeError('fetch failed')

/** The network: `servers` by origin. A request to any other origin is reported. */
export function createNetwork(
  scheduler: Scheduler,
  servers: ReadonlyMap<string, Serve>,
  report: (fault: string) => void,
): Network {
  const exchanges: Exchange[] = []

  function send(client: Actor, request: Request, body: string): Promise<Response> {
    const url = new URL(request.url)
    const exchange: Exchange = {
      ...{ client, url, headers: request.headers, step: scheduler.steps, at: scheduler.time },
      form: new URLSearchParams(body),
    }
    exchanges.push(exchange)
    scheduler.note(`  ${client.name} sends ${request.method} ${url.pathname}`)
    const serve = servers.get(url.origin)
    const name = `${client.name} → ${url.hostname}${url.pathname}`
    const { promise, settle, fail } = createAnswer(exchange)
    if (!serve) {
      report(`a request to ${url.origin}, which is not listed`)
      fail(failed())
      return promise
    }
    request.signal.addEventListener('abort', () => {
      fail(request.signal.reason as Error)
    })
    const later = (label: string, run: () => void, faults = {}): void => {
      scheduler.add({ label, actor: client, run, faults })
    }
    const fails = (why: string) => (): void => {
      scheduler.note(`  ${why}: ${name}`)
      later(`${client.name}: no answer of ${url.pathname}`, () => fail(failed()))
    }
    const answer = (response: Response | undefined): void => {
      if (!response)
        return later(`${client.name}: the connection of ${url.pathname} breaks`, () => fail(failed()))
      later(`${client.name}: answer ${response.status} of ${url.pathname}`, () => settle(response), {
        lose: fails('the answer is lost'),
      })
    }
    const arrive = (hear: (response: Response | undefined) => void): void => {
      const given = serve(
        new Request(url, { method: request.method, headers: request.headers, ...(body && { body }) }),
        exchange,
      )
      if (given instanceof Promise) given.then(hear, () => hear(undefined))
      else hear(given)
    }
    const travel = (hear: (response: Response | undefined) => void): void =>
      scheduler.add({
        label: `${name} arrives`,
        actor: scheduler.world,
        run: () => arrive(hear),
        faults: {
          lose: fails('the request is lost'),
          duplicate() {
            scheduler.note(`  the network sends it twice: ${name}`)
            travel(() => undefined)
            travel(hear)
          },
        },
      })
    travel(answer)
    return promise
  }

  return {
    exchanges,
    fetchOf:
      (client, headers = () => ({})) =>
      async (input, init = {}) => {
        const { body, signal, method = 'GET', headers: own } = init
        const request = new Request(input as string | URL, {
          method,
          headers: { ...Object.fromEntries(new Headers(own)), ...headers() },
          ...(signal && { signal }),
        })
        if (body instanceof URLSearchParams)
          request.headers.set('content-type', 'application/x-www-form-urlencoded')
        if (signal?.aborted) throw signal.reason
        return send(client, request, body == null ? '' : String(body as string | URLSearchParams))
      },
  }
}

/** The promise of an answer, settled once. */
function createAnswer(exchange: Exchange) {
  let settle = (_response: Response): void => undefined
  let fail = (_error: Error): void => undefined
  const promise = new Promise<Response>((resolve, reject) => {
    settle = (response) => {
      if (exchange.settled === undefined)
        Object.assign(exchange, { settled: 'answer', status: response.status })
      resolve(response)
    }
    fail = (error) => {
      exchange.settled ??= 'failure'
      reject(error)
    }
  })
  promise.catch(() => undefined)
  return { promise, settle, fail }
}
