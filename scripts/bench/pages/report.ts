// What every page of the benchmark tells the one that drives it.
declare global {
  interface Window {
    /** Milliseconds since the page began to load: when an access token could be used. */
    tokenAt?: number
    /** Milliseconds from the click to the navigation, and where that led. */
    left?: { readonly after: number; readonly url: string }
    /** Does ahead of the click what the subject can do, where it can. */
    prepare?: () => Promise<void>
  }
}

export const settings = {
  issuer: new URL(location.href).searchParams.get('issuer') ?? sessionStorage.getItem('issuer') ?? '',
  clientId: 'bench',
  scope: 'openid accounts',
}
sessionStorage.setItem('issuer', settings.issuer)

/** Below the subject's own folder. */
export const redirectUri: string = new URL(
  `/${location.pathname.split('/')[1] ?? ''}/callback/bank`,
  location.href,
).href

/** Notes that a token is here. */
export function noteToken(token: string | undefined): void {
  if (token) window.tokenAt ??= performance.now()
}

/** Times a click, and stops the navigation that it leads to. */
export function onClick(work: () => unknown): void {
  document.body.addEventListener('click', () => {
    const clickedAt = performance.now()
    window.navigation.addEventListener(
      'navigate',
      (event) => {
        event.preventDefault()
        window.left = { after: performance.now() - clickedAt, url: event.destination.url }
      },
      { once: true },
    )
    work()
  })
}
