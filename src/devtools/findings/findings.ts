import { metadataKey } from '../../core/records/keys.js'
import { isConnectionRecord } from '../../core/records/connection.js'
import { isTransaction } from '../../core/records/transaction.js'
import type { Provider } from '../../core/provider.js'
import type { Inspection } from '../inspect.js'
import type { InspectedEvent } from '../log/event.js'

/** Something about the configuration that a developer should look at. */
export interface Finding {
  readonly title: string
  /** What to change, and why. */
  readonly advice: string
  readonly provider?: string
}

/** What the browser tells of the app's own page. */
export interface PageFacts {
  /** The Referrer-Policy of the page at a redirect URI; `undefined` where it has none. */
  readonly referrerPolicy: string | undefined
}

/** Looks for what is wrong, or may become so, with the configuration of a client. */
export async function findFindings(inspection: Inspection, page: PageFacts): Promise<readonly Finding[]> {
  const { watched, client, log } = inspection
  const entries = await watched.platform.database.entries()
  const providers = Object.entries(client.providers as Readonly<Record<string, Provider>>)
  const documents = new Map(
    providers.map(([name, { channel }]) => {
      const record = entries.find(([key]) => key === metadataKey(name))?.[1]
      const { document } = Object(record) as { readonly document?: Readonly<Record<string, unknown>> }
      return [name, document ?? channel.settings?.metadata] as const
    }),
  )
  return [
    ...providers.flatMap(([name, provider]) => ofProvider(inspection, name, provider, documents.get(name))),
    ...ofReferrer(page),
    ...ofNamespace(entries, Object.keys(client.providers)),
    ...ofInput(log.get()),
  ]
}

function ofProvider(
  { watched: { context }, log }: Inspection,
  name: string,
  provider: Provider,
  metadata: Readonly<Record<string, unknown>> | undefined,
): readonly Finding[] {
  const isDirect = provider.channel.mode === 'browser'
  const announcesIss = metadata?.['authorization_response_iss_parameter_supported'] === true
  const findings: Finding[] = []
  if (context.hasSharedPages && isDirect && metadata && !announcesIss && provider.requireIss !== true)
    findings.push({
      provider: name,
      title: 'No `iss` is announced, and the redirect URI is shared',
      advice:
        'Nothing in a response says which server sent it, and the redirect URI is a page of the app, too. Give this provider a redirect URI that is for callbacks only (RFC 9700 §4.4.2).',
    })
  const unanswered = log
    .get()
    .some(
      ({ kind, status, provider: one }) =>
        one === name && status === 0 && (kind === 'redeemed' || kind === 'refresh' || kind === 'metadata'),
    )
  if (isDirect && unanswered)
    findings.push({
      provider: name,
      title: 'The authorization server gave this page no answer',
      advice:
        'If the network works, the server does not allow this origin: register it there as an allowed web origin, or use `mediated` mode with a backend.',
    })
  if (
    isDirect &&
    provider.scope.split(' ').includes('openid') &&
    metadata &&
    metadata['jwks_uri'] === undefined
  )
    findings.push({
      provider: name,
      title: 'No keys are known for ID Tokens',
      advice:
        'The scope has `openid`, and the metadata names no `jwks_uri`, so no ID Token can be checked. Give the address of its keys, or leave `openid` out.',
    })
  return findings
}

/** Policies that keep path and query from the app's own origin, too: its logs and its CDN would have the code. */
const safePolicies = ['no-referrer', 'origin', 'strict-origin']

function ofReferrer({ referrerPolicy }: PageFacts): readonly Finding[] {
  if (referrerPolicy !== undefined && safePolicies.includes(referrerPolicy)) return []
  return [
    referrerPolicy === undefined
      ? {
          title: 'The callback page has no Referrer-Policy',
          advice:
            'Its address holds a code for a moment. Send `Referrer-Policy: no-referrer` with it, so that no request to this origin repeats the address (RFC 9700 §4.2.4).',
        }
      : {
          title: `The Referrer-Policy of the callback page is ${referrerPolicy}`,
          advice:
            'Its address holds a code for a moment, and requests of the page repeat it, to this origin at least. Send `Referrer-Policy: no-referrer` (RFC 9700 §4.2.4).',
        },
  ]
}

/** Records of a provider that this app does not have are another app's. */
function ofNamespace(entries: readonly [string, unknown][], names: readonly string[]): readonly Finding[] {
  const foreign = entries.some((entry) => {
    const [, record] = entry
    const provider = isConnectionRecord(entry)
      ? entry[1].connection.provider
      : isTransaction(record)
        ? record.provider
        : undefined
    return provider !== undefined && !names.includes(provider)
  })
  return foreign
    ? [
        {
          title: 'Another app, or an older version, uses this namespace',
          advice:
            'There are records of a provider that this client does not have. Where two apps share the origin, give each a `namespace`; after a provider was renamed, this goes away with its last record.',
        },
      ]
    : []
}

/** As many transactions as this, prepared within so many milliseconds and left for by nobody, were not prepared by hands. */
const suspicious = { count: 5, milliseconds: 10_000 }

function ofInput(events: readonly InspectedEvent[]): readonly Finding[] {
  const left = new Set(events.filter(({ kind }) => kind === 'left').map(({ flow }) => flow))
  const prepared = events.filter(({ kind, flow }) => kind === 'prepared' && !left.has(flow))
  const isUnstable = prepared.some(({ at, provider }, index) => {
    const later = prepared.slice(index).filter((one) => one.provider === provider)
    return (later[suspicious.count - 1]?.at ?? Infinity) - at < suspicious.milliseconds
  })
  return isUnstable
    ? [
        {
          title: 'The input of a provider is not stable',
          advice:
            'The same connection is prepared again and again with a different input. Give `prepare` and `authorize` the same values while nothing has changed: a random or timed value does not belong in them.',
        },
      ]
    : []
}

/** Reads the Referrer-Policy of the page at a redirect URI, or of the document itself. */
export async function readPageFacts(redirectUri: string | undefined): Promise<PageFacts> {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="referrer"]')?.content
  const answer = redirectUri === undefined ? undefined : await fetch(redirectUri).catch(() => undefined)
  const header = answer?.headers.get('referrer-policy')?.split(',').at(-1)?.trim()
  return { referrerPolicy: header ?? (meta === '' ? undefined : meta) }
}
