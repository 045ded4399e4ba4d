import type { Departure, Tab } from './browser/tab.js'
import type { BankRequest } from './network/requests.js'
import { PageError, type AuthorizationRequest } from './servers/authorization-request.js'
import type { Server } from './servers/server.js'
import type { World } from './world.js'

/** Somebody at a provider, who has been shown what the app asks for. */
export interface Visit extends Departure {
  readonly server: Server
  readonly request: AuthorizationRequest
  /** The request as the bank's log has it. */
  readonly entry: BankRequest
}

/** Those who are at a provider. */
export interface Arrivals {
  /** Somebody has left; the provider reads their request as soon as it is there. */
  readonly add: (departure: Departure) => void
  /** The latest visit to a provider. */
  readonly find: (provider: string) => Visit | undefined
  /** Whether somebody is at a provider in this tab or a popup of it. */
  readonly has: (tab: Tab) => boolean
  /** The visit in a tab, popups aside, is over. */
  readonly forget: (tab: Tab) => void
  /** A visit is over. */
  readonly remove: (visit: Visit) => void
  /** Why a provider has shown an error page, where one has. */
  readonly takeRefusal: () => Error | undefined
  /** The providers at which somebody is. */
  readonly providers: () => readonly string[]
}

/** Follows who arrives at the providers. */
export function createArrivals({ servers, network }: World): Arrivals {
  const visits: Visit[] = []
  let refusal: Error | undefined

  const end = ({ tab, popup }: Pick<Departure, 'tab' | 'popup'>): void => {
    const index = visits.findIndex((visit) => visit.tab === tab && visit.popup === popup)
    if (index >= 0) visits.splice(index, 1)
  }

  async function open(departure: Departure): Promise<void> {
    const url = new URL(departure.url)
    const place = url.origin + url.pathname
    const server = (await servers()).all.find((one) => one.endpointOf(url) === 'authorization')
    if (!server) throw new PageError(`no configured provider has an authorization endpoint at ${place}`)
    const request = await server.open(url)
    const { parameters, registration } = request
    const entry = network.noteVisit(registration.name, new URL(`${place}?${String(parameters)}`))
    // Who leaves once more from the same window is no longer where they were.
    end(departure)
    visits.push({ ...departure, server, request, entry })
  }

  return {
    add(departure) {
      refusal = undefined
      open(departure).catch((error: unknown) => {
        refusal = error as Error
      })
    },
    find: (provider) => visits.findLast(({ request }) => request.registration.name === provider),
    has: (tab) => visits.some((visit) => visit.tab === tab),
    forget: (tab) => {
      end({ tab, popup: undefined })
    },
    remove: end,
    takeRefusal() {
      const taken = refusal
      refusal = undefined
      return taken
    },
    providers: () => visits.map(({ request }) => request.registration.name),
  }
}
