import { findPerson, people, type Person } from '../banks/people.js'
import {
  PageError,
  type AuthorizationRequest,
  type Ending,
} from '../../src/testing/servers/authorization-request.js'
import type { Server } from '../../src/testing/servers/server.js'
import type { Memory } from '../../src/testing/memory.js'
import type { World } from '../../src/testing/world.js'
import { claimsOf } from '../../src/testing/quirks/moneyhub.js'
import { institutionsOfScope } from '../../src/testing/quirks/moneyhub-institutions.js'
import { accountsOfApproval } from './accounts.js'
import { brandOfRequest, createBankPages, grantedOf, platformOf } from './bank-pages.js'
import type { Controls, Told } from './controls.js'
import type { Place, ProviderName } from './providers.js'

/** A person at a bank. */
interface Visit {
  readonly server: Server
  readonly request: AuthorizationRequest
  readonly texts: readonly string[]
  /** What the bank was told to do in this visit. */
  readonly told: Told
  /** Who has signed in. */
  readonly person?: Person
}

/** A visit as it is remembered: its request's parameters as a form, and of its server the provider's name. */
interface KeptVisit extends Omit<Visit, 'server' | 'request'> {
  readonly request: Omit<AuthorizationRequest, 'parameters'>
  readonly form: string
}

/** People at the fake banks. */
export interface Visits {
  /** Somebody opens an authorization URL. */
  readonly open: (server: Server, url: URL) => Promise<Response>
  /** Answers a bank's page at its own address, or what is posted there. @returns undefined for any other path */
  readonly answer: (path: string, request: Request) => Promise<Response | undefined>
}

const pagePath = /^\/banks\/visit\/(\w+)\/([\w-]+)$/

/** Follows who is at which bank. */
export function createVisits(place: Place, world: World, controls: Controls, memory: Memory): Visits {
  const pages = createBankPages(place)
  const visits = memory.map<KeptVisit>('visits')

  async function find(id: string): Promise<Visit | undefined> {
    const kept = visits.get(id)
    if (!kept) return undefined
    const { form, request, ...visit } = kept
    const { all } = await world.servers()
    const isAt = ({ registrations }: Server) =>
      registrations.some(({ name }) => name === request.registration.name)
    const server = all.find(isAt)
    return server && { ...visit, server, request: { ...request, parameters: new URLSearchParams(form) } }
  }

  function keep(id: string, { server: _, request: { parameters, ...request }, ...visit }: Visit): void {
    visits.set(id, { ...visit, request, form: parameters.toString() })
  }

  return {
    async open(server, url) {
      let request: AuthorizationRequest
      try {
        request = await server.open(url)
      } catch (error) {
        if (error instanceof PageError)
          return pages.refused(server.registrations[0]?.name ?? '', error.message)
        throw error
      }
      const told = controls.takeForVisit(request.registration.name)
      const visit: Visit = { server, request, texts: server.consentTexts(request), told }
      if (told.error !== undefined) return leave(visit, { kind: 'error', error: told.error })
      if (request.refusal) return leave(visit, { kind: 'deny' })
      if (told.automatic)
        return leave({ ...visit, person: findPerson(told.person ?? '') ?? people[0] }, 'approve')
      // A pushed request is good once; its page can be loaded any number of times.
      const id = crypto.randomUUID()
      keep(id, visit)
      const address = `${place.origin}${place.basePath}/banks/visit/${brandOfRequest(request)}/${id}`
      return Response.redirect(address, 303)
    },
    async answer(path, request) {
      const [, brand = '', id] = pagePath.exec(path) ?? []
      if (id === undefined) return undefined
      const visit = await find(id)
      if (!visit) return pages.expired(brand)
      if (request.method !== 'POST') return show(visit)
      const form = new URLSearchParams(await request.text())
      const action = form.get('action')
      if (action === 'sign-in') {
        const person = findPerson(form.get('username') ?? '')
        if (!person) return pages.login(visit.request, 'There is nobody of this name here. Try ada or grace.')
        keep(id, { ...visit, person })
        return Response.redirect(request.url, 303)
      }
      visits.delete(id)
      const pressed = action === 'approve' || action === 'deny' ? action : 'cancel'
      const decided = visit.told.outcome ?? pressed
      if (decided === 'cancel' && visit.server.keepsCancelled) return pages.cancelled(visit.request)
      return leave(visit, decided, form.getAll('scope'))
    },
  }

  function show({ request, person, texts, told }: Visit): Response {
    return person ? pages.consent(request, person, texts, told.outcome) : pages.login(request)
  }
}

/** Sends the person back. @param ticked The scope values they left ticked. @defaultValue all */
function leave(
  visit: Visit,
  how: 'approve' | 'deny' | 'cancel' | Ending,
  ticked: readonly string[] = visit.request.scope,
): Response {
  const { server, request } = visit
  const ending: Ending =
    typeof how === 'object' ? how : how === 'approve' ? approval(visit, ticked) : { kind: how }
  return Response.redirect(server.end(request, ending), 303)
}

function approval({ request, texts, told, person = people[0] }: Visit, ticked: readonly string[]): Ending {
  const provider = request.registration.name as ProviderName
  const renewed = claimsOf({ claims: request.parameters.get('claims') ?? undefined })['mh:con_id']?.value
  const [institution] = request.scope.flatMap(institutionsOfScope).filter(({ type }) => type !== 'test')
  const connection = renewed ?? `${institution?.id ?? 'bank'}:${crypto.randomUUID()}`
  const accounts = accountsOfApproval({
    provider,
    person,
    platform: platformOf(request),
    scope: request.scope,
    connection,
  })
  const isMoneyhub = provider === 'moneyhub' || provider === 'moneyhubOnce'
  return {
    kind: 'approve',
    approval: {
      scope: grantedOf(request, texts, ticked),
      sub: person.id,
      accounts,
      ...(isMoneyhub && { details: { connectionId: connection } }),
      ...(told.accessTokenSeconds !== undefined && { expiresIn: told.accessTokenSeconds }),
    },
  }
}
