import { randomUUID } from 'node:crypto'
import type { Access, ApiAnswer } from './api.js'
import { html } from './html.js'
import { sendPage, type BankRequest, type Handler } from './http.js'
import { messagePage } from './pages.js'
import { stitchUnauthenticated } from '../../src/testing/quirks/stitch.js'
import { answerQuery, graphqlError } from './stitch-accounts.js'
import type { Theme } from './theme.js'

/** Why the API wants the person back at the bank. */
export type InteractionCode = 'USER_INTERACTION_REQUIRED' | 'REAUTHORIZATION_REQUIRED'

/** The part of the GraphQL API that a list of accounts needs. */
export interface Graphql {
  readonly answer: (access: Access, request: BankRequest) => ApiAnswer
  /** The body of a refused access token. */
  readonly unauthenticated: unknown
  /** The page where a person confirms that it is them. */
  readonly routes: Readonly<Record<string, Handler>>
}

interface PendingInteraction {
  readonly id: string
  readonly code: InteractionCode
}

const confirmPath = '/connect/user-interaction'

/**
 * Creates the API.
 *
 * @param takeInteraction - whether the person of the next query must come back to the bank first
 */
export function createGraphql(
  theme: Theme,
  origin: string,
  redirectUris: readonly string[],
  takeInteraction: () => InteractionCode | undefined,
): Graphql {
  const pending = new Map<string, PendingInteraction>()
  return {
    unauthenticated: stitchUnauthenticated,
    answer(access, request) {
      const code = takeInteraction()
      if (code) pending.set(access.person.id, { id: randomUUID(), code })
      const interaction = pending.get(access.person.id)
      if (interaction) return interactionRequired(origin, interaction)
      return answerQuery(access, request.parameters['query'] ?? '')
    },
    routes: { [confirmPath]: confirmation(theme, redirectUris, pending) },
  }
}

function interactionRequired(origin: string, { id, code }: PendingInteraction): ApiAnswer {
  return graphqlError('The bank wants to see the person again.', code, {
    id,
    userInteractionUrl: `${origin}${confirmPath}?id=${id}`,
    ...(code === 'REAUTHORIZATION_REQUIRED' ? { reauthorizationType: 'login' } : {}),
  })
}

/** Sends the person back only to a registered address, as the authorization endpoint does. */
function confirmation(
  theme: Theme,
  redirectUris: readonly string[],
  pending: Map<string, PendingInteraction>,
): Handler {
  return (request, response) => {
    const { id, redirect_uri = '' } = request.parameters
    const found = [...pending].find(([, interaction]) => interaction.id === id)
    if (!found) {
      sendPage(response, 404, messagePage(theme, 'Nothing to confirm', 'You can close this page.'))
    } else if (request.method !== 'POST') {
      sendPage(
        response,
        200,
        messagePage(theme, 'Is it still you?', 'Please confirm your sign-in.', confirmForm),
      )
    } else {
      pending.delete(found[0])
      if (redirectUris.includes(redirect_uri)) {
        const back = new URL(redirect_uri)
        back.search = String(new URLSearchParams({ id: found[1].id, status: 'complete' }))
        response.writeHead(303, { location: back.href }).end()
      } else sendPage(response, 200, messagePage(theme, 'Thank you', 'Go back to the app and try again.'))
    }
  }
}

const confirmForm = html`<form method="post">
  <div class="buttons"><button class="main">Confirm</button></div>
</form>`
