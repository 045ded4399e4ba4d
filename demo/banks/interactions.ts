import type { Interaction, Provider } from 'oidc-provider'
import type { Behaviour, ReadableControl } from './control.js'
import { pageHeaders, type BankRequest } from './http.js'
import type { Html } from './html.js'
import type { Context, Middleware, OidcBehaviour, OidcHooks, OidcSetup } from './oidc-setup.js'
import { consentPage, expiredPage, loginPage, messagePage, wayBack } from './pages.js'
import { findPerson, people, type Person } from './people.js'
import type { Theme } from './theme.js'

type Outcome = NonNullable<Behaviour['outcome']>

/** What a person has decided on the pages. */
interface Decision {
  readonly outcome: Outcome
  readonly person: Person | undefined
  readonly form: URLSearchParams
  readonly scopes: readonly string[]
}

/** Serves the sign-in page and then the consent page, in one interaction of oidc-provider. */
export function interact<B extends OidcBehaviour>(
  provider: Provider,
  setup: OidcSetup<B>,
  hooks: OidcHooks,
  control: ReadableControl<B>,
): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next()
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined)
    const dialogue = new Dialogue(provider, setup, hooks, control, ctx)
    if (interaction) await dialogue.continue(interaction)
    else dialogue.show(expiredPage(setup.theme, setup.client.redirect_uris?.[0]), 400)
    return undefined
  }
}

/** One request of the conversation with a person. */
class Dialogue<B extends OidcBehaviour> {
  readonly #provider: Provider
  readonly #setup: OidcSetup<B>
  readonly #hooks: OidcHooks
  readonly #control: ReadableControl<B>
  readonly #ctx: Context

  constructor(
    provider: Provider,
    setup: OidcSetup<B>,
    hooks: OidcHooks,
    control: ReadableControl<B>,
    ctx: Context,
  ) {
    this.#provider = provider
    this.#setup = setup
    this.#hooks = hooks
    this.#control = control
    this.#ctx = ctx
  }

  async continue(interaction: Interaction): Promise<void> {
    const person = findPerson(interaction.result?.login?.accountId ?? '')
    if (this.#control.peek('error') !== undefined || this.#control.peek('automatic')) {
      await this.#answerAlone(interaction)
    } else if (this.#ctx.method === 'POST') {
      await this.#hear(interaction, person)
    } else {
      this.show(
        person ? this.#consentPage(interaction, person) : loginPage(this.#themeOf(interaction), people[0].id),
      )
    }
  }

  show(page: Html, status = 200): void {
    this.#ctx.set(pageHeaders)
    this.#ctx.status = status
    this.#ctx.body = page.markup
  }

  async #hear(interaction: Interaction, person: Person | undefined): Promise<void> {
    const form = new URLSearchParams((this.#ctx.req as BankRequest).body.toString())
    const action = form.get('action')
    const scopes = this.#requestedScopes(interaction)
    if (action === 'cancel' || action === 'deny') {
      await this.#end(interaction, { outcome: action, person, form, scopes })
    } else if (action === 'approve' && person) {
      await this.#end(interaction, { outcome: action, person, form, scopes: form.getAll('scope') })
    } else {
      await this.#signIn(interaction, form)
    }
  }

  async #signIn(interaction: Interaction, form: URLSearchParams): Promise<void> {
    const person = findPerson(form.get('username') ?? '')
    if (!person || form.get('password') === '') {
      this.show(loginPage(this.#themeOf(interaction), form.get('username') ?? '', unknownPerson), 401)
      return
    }
    const { req, res } = this.#ctx
    await this.#provider.interactionResult(req, res, { login: { accountId: person.id, amr: ['pwd'] } })
    this.#leave((req as BankRequest).path)
  }

  async #answerAlone(interaction: Interaction): Promise<void> {
    this.#control.take('automatic')
    const person = findPerson(this.#control.take('person') ?? '') ?? people[0]
    const scopes = this.#requestedScopes(interaction)
    await this.#end(interaction, { outcome: 'approve', person, form: new URLSearchParams(), scopes })
  }

  async #end(interaction: Interaction, decision: Decision): Promise<void> {
    const outcome = this.#control.take('outcome') ?? decision.outcome
    const error = this.#control.take('error')
    const scope = this.#control.take('scope')
    if (error !== undefined) await this.#refuse(error, 'The bank was told to answer so.')
    else if (outcome === 'cancel' && this.#setup.keepsCancelled) this.show(this.#cancelledPage())
    else if (outcome !== 'approve') await this.#refuse('access_denied', `The person chose ${outcome}.`)
    else await this.#approve(interaction, { ...decision, scopes: scope?.split(' ') ?? decision.scopes })
  }

  async #approve(interaction: Interaction, { person = people[0], form, scopes }: Decision): Promise<void> {
    const { Grant } = this.#provider
    const accountId = this.#hooks.account?.(interaction, person) ?? person.id
    const grant = new Grant({ accountId, clientId: String(interaction.params['client_id']) })
    const requested = this.#requestedScopes(interaction)
    const granted = requested.filter((scope) => scopes.includes(scope) || !this.#isOptional(scope))
    grant.addOIDCScope(granted)
    grant.rejectOIDCScope(requested.filter((scope) => !granted.includes(scope)))
    this.#hooks.grant?.(grant, interaction, form)
    const grantId = await grant.save()
    await this.#finish({ login: { accountId, amr: ['pwd'] }, consent: { grantId } })
  }

  #refuse(error: string, error_description: string): Promise<void> {
    return this.#finish({ error, error_description })
  }

  async #finish(result: Record<string, unknown>): Promise<void> {
    this.#leave(await this.#provider.interactionResult(this.#ctx.req, this.#ctx.res, result))
  }

  #leave(url: string): void {
    this.#ctx.redirect(url)
    this.#ctx.status = 303
  }

  #requestedScopes({ params }: Interaction): string[] {
    const requested = typeof params['scope'] === 'string' ? params['scope'].split(' ') : []
    return requested.filter((scope) => scope in this.#setup.scopes)
  }

  #isOptional(scope: string): boolean {
    return this.#setup.scopes[scope]?.optional === true
  }

  #themeOf(interaction: Interaction): Theme {
    return this.#hooks.theme?.(interaction) ?? this.#setup.theme
  }

  #consentPage(interaction: Interaction, person: Person): Html {
    const requested = this.#requestedScopes(interaction)
    const ticked = this.#control.peek('scope')?.split(' ') ?? requested
    const known = Object.entries(this.#setup.scopes).map(([scope, text]) => ({
      ...text,
      scope,
      ticked: ticked.includes(scope),
    }))
    return consentPage(this.#themeOf(interaction), {
      app: this.#setup.client.client_name,
      person,
      scopes: known.filter(({ scope }) => requested.includes(scope)),
      more: this.#hooks.consent?.(interaction),
      preset: this.#control.peek('outcome'),
    })
  }

  #cancelledPage(): Html {
    return messagePage(
      this.#setup.theme,
      'You have cancelled',
      'Nothing was shared. You can close this page.',
      wayBack(this.#setup.client.redirect_uris?.[0]),
    )
  }
}

const unknownPerson = `We do not know this user name. Try ${people.map(({ id }) => id).join(' or ')}.`
