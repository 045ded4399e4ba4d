// The pages of a fake bank: the person signs in, reads what is asked for, and decides.
import { brandOf } from '../brands.js'
import { html, type Html } from '../banks/html.js'
import { markFile } from '../banks/mark.js'
import {
  consentPage,
  expiredPage,
  loginPage,
  messagePage,
  wayBack,
  type ScopeChoice,
} from '../banks/pages.js'
import type { Person } from '../banks/people.js'
import { fontFace, stylesheet } from '../banks/stylesheet.js'
import type { Theme } from '../banks/theme.js'
import {
  basisConnect,
  foxglove,
  fynbos,
  juniper,
  moneyhubTheme,
  ternHarbor,
  themeOf,
  themes,
} from '../banks/themes.js'
import type { AuthorizationRequest } from '../../src/testing/servers/authorization-request.js'
import { readJwt } from '../../src/testing/servers/jwt.js'
import { findPlatform } from '../../src/testing/quirks/basis-institutions.js'
import { institutionsOfScope } from '../../src/testing/quirks/moneyhub-institutions.js'
import { scopeTexts } from '../../src/testing/quirks/scopes.js'
import { appName } from './app-name.js'
import type { Place, ProviderName } from './providers.js'

/** The platform at which an initialization token of Basis signs the person in. */
export function platformOf({ parameters }: AuthorizationRequest): string | undefined {
  const platform = readJwt(parameters.get('init_token') ?? '')?.claims['platform_id']
  return typeof platform === 'string' ? platform : undefined
}

/** How each provider looks, or the bank that alone it connects. */
const themesOfProviders: Readonly<Record<ProviderName, Theme>> = {
  apiture: ternHarbor,
  basis: basisConnect,
  fdx: foxglove,
  moneyhub: moneyhubTheme,
  moneyhubOnce: moneyhubTheme,
  openid: juniper,
  stitch: fynbos,
}

/** How the bank looks that a person meets. */
function themeOfRequest(request: AuthorizationRequest): Theme {
  const provider = request.registration.name as ProviderName
  const otherwise = themesOfProviders[provider]
  if (provider === 'basis') {
    const name = findPlatform(platformOf(request) ?? '')?.institution.name ?? ''
    return themeOf(brandOf(name), otherwise)
  }
  const [institution, ...others] = request.scope.flatMap(institutionsOfScope)
  return institution && others.length === 0 ? themeOf(brandOf(institution.name), otherwise) : otherwise
}

/** The bank that a person meets, as the address of its pages names it. */
export const brandOfRequest = (request: AuthorizationRequest): string => themeOfRequest(request).brand

const kinds = {
  apiture: 'apiture',
  basis: 'basis',
  fdx: 'fdx',
  moneyhub: 'moneyhub',
  moneyhubOnce: 'moneyhub',
  openid: 'standard',
  stitch: 'stitch',
} as const satisfies Readonly<Record<ProviderName, keyof typeof scopeTexts>>

/** What is asked for, each thing once. @param texts What each scope value means, and what else is asked for. */
function choicesOf(request: AuthorizationRequest, texts: readonly string[]): readonly ScopeChoice[] {
  const known = scopeTexts[kinds[request.registration.name as ProviderName]]
  return texts
    .map((text, index) => {
      const scope = request.scope[index] ?? ''
      return { scope, text, ticked: true, optional: known[scope]?.optional ?? false }
    })
    .filter(({ text }, index) => texts.indexOf(text) === index)
}

/** The scope values that a person grants: what they could not leave out, and what they left ticked. */
export function grantedOf(
  request: AuthorizationRequest,
  texts: readonly string[],
  ticked: readonly string[],
): readonly string[] {
  const left = choicesOf(request, texts).filter(({ scope, optional }) => optional && !ticked.includes(scope))
  return request.scope.filter((value) => !left.some(({ scope }) => scope === value))
}

/** The pages of the fake banks, for an app at this place. */
export function createBankPages(place: Place) {
  const { origin, basePath } = place
  /** The markup of the demo's other banks is for the root of an origin, and has no script. */
  const toAnswer = (page: Html, status = 200): Response => {
    const markup = page.markup
      .replaceAll('href="/', `href="${basePath}/`)
      .replaceAll(`href="${origin}/"`, `href="${origin}${basePath}/"`)
      .replace('</body>', `<script src="${basePath}${aliveScript}"></script></body>`)
    return new Response(`<!doctype html>${markup.trimStart().replace(/^<!doctype html>/i, '')}`, {
      status,
      headers: bankHeaders,
    })
  }
  return {
    login: (request: AuthorizationRequest, problem?: string): Response =>
      toAnswer(loginPage(themeOfRequest(request), 'ada', problem)),
    consent: (request: AuthorizationRequest, person: Person, texts: readonly string[], preset?: string) =>
      toAnswer(
        consentPage(themeOfRequest(request), {
          app: appName,
          person,
          scopes: choicesOf(request, texts),
          preset,
        }),
      ),
    /** Where a person stays who cancels at a bank that sends nobody back. */
    cancelled: (request: AuthorizationRequest): Response =>
      toAnswer(
        messagePage(
          themeOfRequest(request),
          'Nothing was shared',
          'You have cancelled. You can go back to the app, or close this page.',
          wayBack(request.redirectUri),
        ),
      ),
    refused: (provider: string, why: string): Response =>
      toAnswer(
        messagePage(
          themesOfProviders[provider as ProviderName],
          'The bank refuses this request',
          `It sends nobody back, because ${why}.`,
          html`<div class="buttons"><a class="button" href="/">Back to the app</a></div>`,
        ),
        400,
      ),
    /** A page of a bank that is over. */
    expired: (brand: string): Response =>
      toAnswer(expiredPage(themeNamed(brand) ?? moneyhubTheme, `${origin}/`), 410),
  }
}

const themeNamed = (brand: string): Theme | undefined =>
  Object.values(themes).find((one) => one.brand === brand)

const aliveScript = '/banks/alive.js'

const bankHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

/** A bank's page is the only one that is open while the person reads it: it keeps the worker alive. */
const aliveCode = "setInterval(() => navigator.serviceWorker.controller?.postMessage('here'), 20000)\n"

/** What the pages are made of: stylesheets, marks, and the script; typefaces are files. @returns undefined for any other path */
export function answerAsset(path: string, basePath: string): Response | undefined {
  if (path === aliveScript)
    return new Response(aliveCode, { headers: { 'content-type': 'text/javascript; charset=utf-8' } })
  const [, brand = '', extension] = /^\/brand\/(\w+)\.(css|svg)$/.exec(path) ?? []
  const theme = themeNamed(brand)
  if (!theme) return undefined
  return extension === 'css'
    ? new Response(fontFace(theme).replace("url('/", `url('${basePath}/`) + stylesheet(theme), {
        headers: { 'content-type': 'text/css; charset=utf-8' },
      })
    : new Response(markFile(theme), { headers: { 'content-type': 'image/svg+xml' } })
}
