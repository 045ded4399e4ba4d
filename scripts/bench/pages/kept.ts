// What the pages do whose tokens outlive them: they say when the first one is here, and ask for more when they are told to.
declare global {
  interface Window {
    kept?: {
      /** How often a component of the page has rendered. */
      renders: number
      /** Gets a token, refreshed where it has expired. */
      getToken?: () => Promise<unknown>
    }
  }
}

/** Components that show the connection. */
export const parts = 200
/** Callers in each page who ask for a token at the same moment. */
const callers = 20

export const kept: NonNullable<Window['kept']> = { renders: 0 }
window.kept = kept

export const countRender = (): void => {
  kept.renders += 1
}

/** Pages with `?idle` ask for no token by themselves. */
export const isIdle: boolean = new URL(location.href).searchParams.has('idle')

/** The client of a server that issues refresh tokens. */
export const clientId = 'bench-kept'
export const scope = 'openid accounts offline_access'

const beganAt = performance.now()
let isNoted = false

/** Tells how many milliseconds after the app's code began its stored token could be used. */
export function noteKept(token: string | undefined): void {
  if (!token || isNoted) return
  isNoted = true
  console.log(`kept after ${performance.now() - beganAt}`)
}

// The token expires when the page is told to ask: what is stored cannot be refreshed before by anybody.
const now = Date.now
let ahead = 0
Date.now = () => now() + ahead

const channel = new BroadcastChannel('bench')
channel.onmessage = ({ data }: MessageEvent<{ readonly go?: number }>) => {
  if (data.go === undefined) return
  ahead = data.go * 1000
  const asked = Array.from({ length: callers }, () => kept.getToken?.() ?? Promise.reject(new Error()))
  void Promise.allSettled(asked).then((settled) => {
    channel.postMessage({ failed: settled.filter(({ status }) => status === 'rejected').length })
  })
}
