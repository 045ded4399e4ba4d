/** A person with a browser, as far as a bank can tell: keeps cookies, follows redirects inside the bank, fills in forms. */
export interface Visitor {
  /** Opens an address and follows redirects until a page or an address outside the bank. */
  open(url: string | URL): Promise<Stop>
  /** Presses a button on the page last opened. */
  press(action: string, fields?: readonly (readonly [string, string])[]): Promise<Stop>
  /** Another tab of the same browser. */
  tab(): Visitor
  /** Signs in, with any password. */
  signIn(person?: string): Promise<Stop>
}

/** Where a visitor has ended up. */
export interface Stop {
  readonly url: URL
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

type Jar = Map<string, { value: string; path: string }>

export function createVisitor(bankOrigin: string, jar: Jar = new Map()): Visitor {
  let page = new URL(bankOrigin)

  const remember = (headers: Headers) => {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const path = attributes.find((part) => /^path=/i.test(part))?.slice(5) ?? '/'
      if (/expires=thu, 01 jan 1970/i.test(line)) jar.delete(`${name} ${path}`)
      else jar.set(`${name} ${path}`, { value, path })
    }
  }

  const cookies = (url: URL) =>
    [...jar]
      .filter(([, { path }]) => url.pathname.startsWith(path))
      .map(([key, { value }]) => `${key.split(' ')[0] ?? ''}=${value}`)
      .join('; ')

  const request = async (url: URL, init: RequestInit = {}): Promise<Stop> => {
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie: cookies(url) } })
    remember(response.headers)
    const location = response.headers.get('location')
    if (location !== null) {
      const next = new URL(location, url)
      return next.origin === bankOrigin
        ? request(next)
        : { url: next, status: response.status, text: await response.text(), headers: response.headers }
    }
    page = url
    return { url, status: response.status, text: await response.text(), headers: response.headers }
  }

  const press: Visitor['press'] = (action, fields = []) =>
    request(page, {
      method: 'POST',
      body: new URLSearchParams([...fields.map(([n, v]) => [n, v]), ['action', action]]),
    })

  return {
    open: (url) => request(new URL(url)),
    press,
    tab: () => createVisitor(bankOrigin, jar),
    signIn: (person = 'ada') =>
      press('sign-in', [
        ['username', person],
        ['password', 'demo'],
      ]),
  }
}
