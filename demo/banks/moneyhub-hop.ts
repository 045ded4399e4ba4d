import type { Interaction, Provider } from 'oidc-provider'
import { html, type Html } from './html.js'
import { pageHeaders, type BankRequest } from './http.js'
import { institutionsOfScope, type Institution } from '../../src/testing/quirks/moneyhub-institutions.js'
import type { Profiles } from './moneyhub-profiles.js'
import { claimsOf, renewals } from '../../src/testing/quirks/moneyhub.js'
import type { Middleware } from './oidc-setup.js'
import { messagePage } from './pages.js'
import type { Theme } from './theme.js'

/** Moneyhub's own consent page, before it sends the person on to the institution. */
export interface Hop {
  readonly middleware: Middleware
  /** The institution of an interaction: chosen on the page, or the only one there is. */
  readonly institution: (interaction: Interaction) => Institution | undefined
}

/**
 * Creates the consent page. A person who continues is asked by the institution next, and returns from there.
 *
 * @param skipped Whether nobody looks at pages.
 */
export function createHop(theme: Theme, appName: string, profiles: Profiles, skipped: () => boolean): Hop {
  const chosen = new Map<string, Institution>()

  const institution = (interaction: Interaction) => chosen.get(interaction.uid) ?? choices(interaction)[0]

  function choices({ params }: Interaction): readonly Institution[] {
    const scopes = String(params['scope']).split(' ')
    const { sub, 'mh:con_id': connection } = claimsOf(params)
    const renewed = profiles.find(sub?.value ?? '')?.connections.get(connection?.value ?? '')
    if (renewed && renewals.some((scope) => scopes.includes(scope))) return [renewed.institution]
    return scopes.flatMap(institutionsOfScope)
  }

  const middleware: Middleware = async (ctx, next) => {
    const uid = /^\/interaction\/([\w-]+)$/.exec(ctx.path)?.[1]
    if (uid === undefined || chosen.has(uid) || skipped()) return next()
    const provider = ctx.app as unknown as Provider
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined)
    const form = new URLSearchParams((ctx.req as BankRequest).body.toString())
    const action = form.get('action')
    if (!interaction || action === 'cancel' || action === 'deny') return next()
    const offered = choices(interaction)
    const choice = offered.find(({ id }) => id === (form.get('institution') ?? offered[0]?.id))
    if (action === 'continue' && choice) {
      chosen.set(uid, choice)
      ctx.redirect((ctx.req as BankRequest).path)
      ctx.status = 303
    } else {
      ctx.set(pageHeaders)
      ctx.body = hopPage(theme, appName, interaction, offered).markup
    }
    return undefined
  }

  return { middleware, institution }
}

function hopPage(theme: Theme, app: string, { params }: Interaction, offered: readonly Institution[]): Html {
  const until = claimsOf(params)['mh:consent']?.value?.expirationDateTime?.slice(0, 10)
  const [first] = offered
  const text = `${app} asks Moneyhub for your account information${until === undefined ? '' : ` until ${until}`}. Moneyhub takes you to your bank to approve that.`
  return messagePage(
    theme,
    'Consent to share',
    text,
    html`<form method="post">
      ${offered.length > 1 ? choice(offered) : undefined}
      <div class="buttons">
        <button class="main" name="action" value="continue">
          Continue to ${offered.length === 1 ? first?.name : 'your bank'}
        </button>
        <button name="action" value="cancel">Cancel</button>
      </div>
    </form>`,
  )
}

function choice(offered: readonly Institution[]): Html {
  const option = ({ id, name }: Institution, index: number) =>
    html`<label class="choice">
      <input type="radio" name="institution" value="${id}" ${index === 0 ? 'checked' : ''} />
      <span>${name}</span>
    </label>`
  return html`<fieldset>
    <legend>Where do you bank?</legend>
    ${offered.map(option)}
  </fieldset>`
}
