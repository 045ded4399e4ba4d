// What every page of the benchmark tells the one that drives it.
declare global {
  interface Window {
    /** Takes the milliseconds from the click to the navigation, and where that led. */
    noteLeft?: (left: { readonly after: number; readonly url: string }) => void
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

let isNoted = false

/** Tells how many milliseconds after the page began to load an access token could be used. */
export function noteToken(token: string | undefined): void {
  if (!token || isNoted) return
  isNoted = true
  console.log(`token at ${performance.now()}`)
}

/** Times a click, and stops the navigation that it leads to. */
export function onClick(work: () => unknown): void {
  document.body.addEventListener('click', () => {
    const clickedAt = performance.now()
    window.navigation.addEventListener(
      'navigate',
      (event) => {
        event.preventDefault()
        window.noteLeft?.({ after: performance.now() - clickedAt, url: event.destination.url })
      },
      { once: true },
    )
    work()
  })
}
