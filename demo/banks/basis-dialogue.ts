import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { scopeTexts } from '../../src/testing/quirks/scopes.js'
import { brandOf } from '../brands.js'
import type { BasisBehaviour } from './basis-behaviour.js'
import type { BasisGrants } from './basis-grants.js'
import { findPlatform } from '../../src/testing/quirks/basis-institutions.js'
import type { BasisProfiles } from './basis-profiles.js'
import {
  ConnectError,
  errorParameters,
  NoRedirect,
  readRedirectUri,
  readRequest,
  type BasisClient,
  type ConnectRequest,
} from './basis-request.js'
import type { ReadableControl } from './control.js'
import { html } from './html.js'
import { sendPage, type BankRequest, type Handler } from './http.js'
import { consentPage, expiredPage, loginPage, messagePage } from './pages.js'
import { findPerson, people, type Person } from './people.js'
import { applyChanges } from './signing-keys.js'
import type { Theme } from './theme.js'
import { themeOf as themeOfBrand } from './themes.js'

/** What {@link createDialogue} works with. */
export interface DialogueParts {
  readonly theme: Theme
  readonly client: BasisClient
  readonly grants: BasisGrants
  readonly profiles: BasisProfiles
  readonly control: ReadableControl<BasisBehaviour>
}

/** The two addresses a person sees. */
export interface Dialogue {
  /** `GET /oauth`. */
  readonly begin: Handler
  /** `/connect/{session}`: sign-in at the platform, then consent. */
  readonly go: Handler
}

interface Session {
  readonly request: ConnectRequest
  person?: Person
}

type Outcome = NonNullable<BasisBehaviour['outcome']>

/** Connect: what happens between the authorization request and its response. */
export function createDialogue({ theme, client, grants, profiles, control }: DialogueParts): Dialogue {
  const sessions = new Map<string, Session>()

  const begin: Handler = async (request, response) => {
    const { searchParams } = new URL(request.url ?? '/', request.origin)
    try {
      const redirectUris = control.take('unregistered') ? [] : client.redirectUris
      const redirectUri = readRedirectUri(searchParams, { ...client, redirectUris })
      await open(searchParams, redirectUri, response)
    } catch (error) {
      if (!(error instanceof NoRedirect)) throw error
      sendPage(response, 400, messagePage(theme, 'This link does not work', `${error.message} ${tellThem}`))
    }
  }

  async function open(parameters: URLSearchParams, redirectUri: string, response: ServerResponse) {
    const now = new Date(Date.now() + (control.take('secondsLater') ?? 0) * 1000)
    try {
      const request = await readRequest(parameters, redirectUri, client, now)
      const error = control.take('error')
      if (error !== undefined) throw new ConnectError(error, 'Basis was told to answer so.')
      if (control.take('automatic')) answerAlone(response, request)
      else welcome(response, request)
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error
      answer(response, redirectUri, errorParameters(error, parameters.get('state')))
    }
  }

  /** The session's own address takes the initialization token out of the person's address bar. */
  function welcome(response: ServerResponse, request: ConnectRequest): void {
    const id = randomBytes(16).toString('base64url')
    sessions.set(id, { request })
    redirect(response, `/connect/${id}`)
  }

  function answerAlone(response: ServerResponse, request: ConnectRequest): void {
    const person = findPerson(control.take('person') ?? '') ?? people[0]
    end(response, { request, person }, control.take('outcome') ?? 'approve')
  }

  const go: Handler = (request, response) => {
    const id = request.path.replace('/connect/', '')
    const session = sessions.get(id)
    if (!session) sendPage(response, 400, expiredPage(theme, client.redirectUris[0]))
    else if (request.method === 'POST') hear(request, response, id, session)
    else show(response, session)
  }

  function hear(request: BankRequest, response: ServerResponse, id: string, session: Session): void {
    const { action, username = '', password } = request.parameters
    if (action === 'sign-in') {
      signIn(request, response, session, password === '' ? '' : username)
    } else if (action === 'cancel' || action === 'deny' || (action === 'approve' && session.person)) {
      sessions.delete(id)
      end(response, session, control.take('outcome') ?? action)
    } else show(response, session)
  }

  function signIn(request: BankRequest, response: ServerResponse, session: Session, name: string): void {
    const person = findPerson(name)
    if (!person) return sendPage(response, 401, loginPage(themeOf(session), name, unknownPerson))
    session.person = person
    redirect(response, request.path)
  }

  function show(response: ServerResponse, session: Session): void {
    const { person } = session
    const page = person
      ? consentPage(themeOf(session), {
          app: client.clientName,
          person,
          scopes: Object.entries(scopeTexts.basis).map(([scope, text]) => ({ scope, ...text, ticked: true })),
          more: describe(session.request),
          preset: control.peek('outcome'),
        })
      : loginPage(themeOf(session), people[0].id)
    sendPage(response, 200, page)
  }

  function end(response: ServerResponse, { request, person = people[0] }: Session, outcome: Outcome): void {
    const { redirectUri, state, codeChallenge } = request
    const scope = control.take('scope') ?? request.scope
    if (outcome !== 'approve') {
      const refusal = new ConnectError('access_denied', 'The user denied the request.')
      return answer(response, redirectUri, errorParameters(refusal, state))
    }
    const { id: profileId } = profiles.connect(request, person)
    const code = grants.issueCode({ scope, profileId }, redirectUri, codeChallenge)
    answer(response, redirectUri, { code, ...(state === null ? {} : { state }) })
  }

  /** The authorization response: always in the query, spaces written as `+`. */
  function answer(response: ServerResponse, redirectUri: string, parameters: Record<string, string>): void {
    const url = new URL(redirectUri)
    const changed = applyChanges(parameters, control.take('redirect') ?? {})
    for (const [name, value] of Object.entries(changed)) url.searchParams.append(name, value)
    redirect(response, url.href)
  }

  return { begin, go }

  /** The institution's own page: the person chose it in the app. */
  function themeOf({ request }: Session): Theme {
    const found = findPlatform(request.initToken.platformId)
    if (!found) return theme
    const { name, words, ...look } = themeOfBrand(brandOf(found.institution.name), theme)
    return { ...look, name, words: { ...words, signInTitle: `Sign in to ${found.platform.display_name}` } }
  }
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end()
}

/** Whose profile it will be, in the words of the initialization token. */
function describe({ initToken: { claims } }: ConnectRequest) {
  const { company_name: company, user_name: user } = claims
  return html`<p>
    The profile of <strong>${text(company, 'your company')}</strong>, for ${text(user, 'you')}.
  </p>`
}

const text = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise)

const tellThem = 'Nobody was told, because there is no safe place to send you. Go back to the app.'
const unknownPerson = `We do not know this user name. Try ${people.map(({ id }) => id).join(' or ')}.`
