/** How an endpoint fails. */
export type Fault =
  /** The connection breaks before the bank has done anything. */
  | 'dropped'
  /** The bank does its work, and its answer is lost. */
  | 'lost-reply'
  /** The bank does its work, and its answer breaks off after the headers: a browser does not send again by itself. */
  | 'broken-reply'
  /** No answer ever comes. */
  | 'hang'
  | FaultReply

/** A refusal in place of the endpoint's work. */
export interface FaultReply {
  /** @defaultValue 400 */
  readonly status?: number
  /** Sent as an RFC 6749 §5.2 error. */
  readonly error?: string
  readonly error_description?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, in place of the error. */
  readonly body?: string
}

/** Members to overwrite in a JSON object or a query; null removes one. */
export type Changes = Readonly<Record<string, unknown>>

/** What any bank can be told to do. */
export interface Behaviour {
  readonly outcome?: 'approve' | 'deny' | 'cancel'
  readonly automatic?: boolean
  readonly person?: string
  readonly scope?: string
  readonly error?: string
  readonly redirect?: Readonly<Record<string, string | null>>
  readonly accessTokenSeconds?: number
  readonly tokenResponse?: Changes
  readonly refreshResponse?: Changes
  readonly token?: Fault
  readonly refresh?: Fault
  readonly par?: Fault
  readonly revocation?: Fault
  readonly discovery?: Fault
  readonly jwks?: Fault
  readonly api?: Fault
  readonly isolated?: boolean
}

/** What each field of a behaviour does, in one sentence: shown at `GET /__control`. */
export type Fields<B> = { readonly [Name in keyof B]-?: string }

/** The fields every bank has. */
export const behaviourFields: Fields<Behaviour> = {
  outcome: 'approve, deny or cancel: decides the authorization whichever button is pressed',
  automatic: 'true answers without showing the pages',
  person: 'who signs in when no page is shown, such as ada or grace',
  scope: 'the scopes to grant, of those requested',
  error: 'an OAuth error that ends the authorization at once, such as temporarily_unavailable',
  redirect: 'parameters to overwrite in the authorization response; null removes one',
  accessTokenSeconds: 'how long access tokens live',
  tokenResponse: 'members to overwrite in the answer to an authorization code; null removes one',
  refreshResponse: 'members to overwrite in the answer to a refresh token; null removes one',
  token: 'how the token endpoint fails for anything but a refresh token',
  refresh: 'how the token endpoint fails for a refresh token',
  par: 'how the endpoint for pushed authorization requests fails',
  revocation: 'how the revocation endpoint fails',
  discovery: 'how the discovery document fails',
  jwks: 'how the document with the public keys fails',
  api: 'how the API fails',
  isolated: 'true cuts every page off from the page that opened its window (Cross-Origin-Opener-Policy)',
}

/** Decides what a bank does next. */
export interface Control<B extends Behaviour = Behaviour, A extends string = string> {
  /** Each field holds once, for the next request it concerns. */
  next(behaviour: B): void
  /** Each field holds until {@link Control.reset}. */
  always(behaviour: B): void
  reset(): void
  /** Does something at once, such as `rotateKeys`. */
  act(action: A): Promise<void>
  readonly state: ControlState<B>
}

/** What `GET /__control` shows. */
export interface ControlState<B extends Behaviour = Behaviour> {
  readonly next: Partial<B>
  readonly always: Partial<B>
  readonly fields: Fields<B>
  readonly actions: readonly string[]
}

/** The control's other side, for the bank that obeys it. */
export interface ReadableControl<B extends Behaviour = Behaviour, A extends string = string> extends Control<
  B,
  A
> {
  /** The value of a field, used up when it was meant once. */
  take<Name extends keyof B>(field: Name): B[Name] | undefined
  peek<Name extends keyof B>(field: Name): B[Name] | undefined
}

/** Something a bank does at once. */
export type Action = () => Promise<void> | void

/** Creates a control that nobody has told anything yet. */
export function createControl<B extends Behaviour, A extends string>(
  fields: Fields<B>,
  actions: Readonly<Record<A, Action>>,
): ReadableControl<B, A> {
  let next: Partial<B> = {}
  let always: Partial<B> = {}
  return {
    next(behaviour) {
      refuseUnknown(behaviour, fields)
      next = { ...next, ...behaviour }
    },
    always(behaviour) {
      refuseUnknown(behaviour, fields)
      always = { ...always, ...behaviour }
    },
    reset() {
      next = {}
      always = {}
    },
    async act(action) {
      refuseUnknown({ [action]: true }, actions)
      await actions[action]()
    },
    take(field) {
      const value = next[field] ?? always[field]
      const { [field]: _used, ...rest } = next
      next = rest as Partial<B>
      return value
    },
    peek: (field) => next[field] ?? always[field],
    get state() {
      return { next, always, fields, actions: Object.keys(actions) }
    },
  }
}

function refuseUnknown(given: object, known: object): void {
  const unknown = Object.keys(given).find((name) => !(name in known))
  if (unknown === undefined) return
  throw new TypeError(`This bank does not know "${unknown}". It knows: ${Object.keys(known).join(', ')}.`)
}
