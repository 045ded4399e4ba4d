import { html, type Html } from './html.js'
import type { ScopeText } from '../../src/testing/quirks/scopes.js'
import { markSvg } from './mark.js'
import type { Person } from './people.js'
import type { Theme } from './theme.js'

/** The sign-in page. The form posts `username`, `password` and `action` to the page's own address. */
export function loginPage(theme: Theme, person: string, problem?: string): Html {
  const { signInTitle, signInText } = theme.words
  return page(
    theme,
    signInTitle,
    html`<p>${signInText}</p>
      ${alert(problem)}
      <form method="post">
        <label for="username">User name</label>
        <input
          id="username"
          name="username"
          type="text"
          value="${person}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
          ${problem === undefined ? undefined : invalid}
        />
        <label for="password">Password</label>
        <input id="password" name="password" type="password" value="demo" autocomplete="off" required />
        <div class="buttons">
          <button class="main" name="action" value="sign-in">Sign in</button>
          <button name="action" value="cancel" formnovalidate>Cancel</button>
        </div>
      </form>`,
  )
}

/** A scope on the consent page. */
export interface ScopeChoice extends ScopeText {
  readonly scope: string
  readonly ticked: boolean
}

/** What the consent page shows. */
export interface Consent {
  readonly app: string
  readonly person: Person
  readonly scopes: readonly ScopeChoice[]
  /** More to choose, such as accounts; inside the form. */
  readonly more?: Html | undefined
  /** The outcome that is set already, whatever the person presses. */
  readonly preset?: string | undefined
}

/** The consent page. Its form posts `action`, and `scope` for each ticked scope, to the page's own address. */
export function consentPage(theme: Theme, consent: Consent): Html {
  const { consentTitle, consentText } = theme.words
  return page(
    theme,
    consentTitle(consent.app),
    html`<p>${consentText(consent.person.name)}</p>
      <form method="post">
        ${fixedScopes(consent)} ${optionalScopes(consent)} ${consent.more} ${presetNote(consent)}
        <div class="buttons">
          <button class="main" name="action" value="approve">Approve</button>
          <button name="action" value="deny">Deny</button>
          <button name="action" value="cancel">Cancel</button>
        </div>
      </form>`,
  )
}

/** A page that only says something. */
export function messagePage(theme: Theme, title: string, text: string, more?: Html): Html {
  return page(
    theme,
    title,
    html`<p>${text}</p>
      ${more}`,
  )
}

/** Shown to somebody who comes back to a page whose authorization is over, such as by the back button. */
export const expiredPage = (theme: Theme, redirectUri: string | undefined): Html =>
  messagePage(
    theme,
    'This page has expired',
    'What you began here is over. Your accounts are as you left them.',
    wayBack(redirectUri),
  )

/** A link to the app's start page: it carries nothing, so the app learns nothing from it. */
export function wayBack(redirectUri: string | undefined): Html | undefined {
  if (redirectUri === undefined) return undefined
  return html`<div class="buttons">
    <a class="button" href="${new URL('/', redirectUri).href}">Back to the app</a>
  </div>`
}

/** Said of the field that a problem is about. */
const invalid = html`aria-invalid="true" aria-describedby="problem"`

function fixedScopes({ app, scopes }: Consent): Html | undefined {
  const fixed = scopes.filter(({ optional }) => !optional)
  if (fixed.length === 0) return undefined
  return html`<p class="list" id="fixed">${app} will be able to:</p>
    <ul aria-labelledby="fixed">
      ${fixed.map(({ text }) => html`<li>${text}</li>`)}
    </ul>`
}

function optionalScopes({ scopes }: Consent): Html | undefined {
  const optional = scopes.filter((scope) => scope.optional)
  if (optional.length === 0) return undefined
  const choice = ({ text, scope, ticked }: ScopeChoice) =>
    html`<label class="choice">
      <input type="checkbox" name="scope" value="${scope}" ${ticked ? 'checked' : ''} />
      <span>${text}</span>
    </label>`
  return html`<fieldset>
    <legend>You may also allow it to:</legend>
    ${optional.map(choice)}
  </fieldset>`
}

function presetNote({ preset }: Consent): Html | undefined {
  if (preset === undefined) return undefined
  return html`<p class="note">
    For this demonstration the answer is set to <strong>${preset}</strong>, whichever button you press.
  </p>`
}

function alert(problem: string | undefined): Html | undefined {
  return problem === undefined ? undefined : html`<p class="alert" id="problem" role="alert">${problem}</p>`
}

function page(theme: Theme, title: string, content: Html): Html {
  const { brand, name, tagline, words } = theme
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} – ${name}</title>
        <link rel="icon" href="/brand/${brand}.svg" />
        <link rel="stylesheet" href="/brand/${brand}.css" />
      </head>
      <body>
        <header class="brand">
          ${markSvg(theme)}
          <div>
            <p class="bank">${name}</p>
            <p class="tagline">${tagline}</p>
          </div>
        </header>
        <div class="stage">
          <main>
            <h1>${title}</h1>
            ${content}
          </main>
          <aside aria-label="From the bank"><p>${words.aside}</p></aside>
        </div>
        <footer>A bank made up for demonstration. Nothing here is real.</footer>
      </body>
    </html>`
}
