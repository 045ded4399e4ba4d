import type { Connection, InputOf } from 'countersign'
import type { MoneyhubDetails } from 'countersign/providers'
import { brandOf, brands, type BrandId } from '../../brands.js'
import type { bank, ProviderName } from '../bank.js'
import { at } from '../base.js'
import { readConfiguration, realProviders } from '../configuration.js'
import { createStore, useStore } from '../store.js'
import { rememberedBank } from './remembered.js'

/** What a person gives before they go to a bank. */
export type Input = InputOf<(typeof bank.providers)[ProviderName]>

/** A bank that a person can choose. */
export interface Bank {
  readonly id: string
  readonly provider: ProviderName
  readonly brand: BrandId
  readonly name: string
  readonly country: string
  /** What connects it, as people call that. */
  readonly via: string
  /** What can be chosen beside the bank itself, the first of which is what most people want. */
  readonly choices?: { readonly question: string; readonly options: readonly Choice[] }
  /** What the person has chosen by choosing this bank. */
  readonly input?: Input
  /** Whether a connection can be renewed in place, without choosing anything. */
  readonly renews: boolean
  /** How long the connection is there, in a sentence. */
  readonly keeps: string
  /** Where the tokens are, in a sentence. */
  readonly where: string
}

/** One of several ways to go to the same bank. */
export interface Choice {
  readonly label: string
  readonly input: Input
}

const configuration = readConfiguration()
const real = realProviders(configuration)

type Facts = Pick<Bank, 'provider' | 'via' | 'renews' | 'keeps' | 'where'>

const facts = {
  stitch: {
    provider: 'stitch',
    via: 'Stitch',
    renews: true,
    keeps: 'Stays connected until you end it.',
    where: 'Access token: in the memory of this page. Refresh token and key: never outside the app’s server.',
  },
  openid: {
    provider: 'openid',
    via: 'OpenID',
    renews: true,
    keeps: 'Stays connected in this browser.',
    where: 'Tokens: in this browser’s storage, useless without a key that no script can read.',
  },
  fdx: {
    provider: 'fdx',
    via: 'FDX',
    renews: false,
    keeps: 'Stays connected until the consent ends.',
    where: 'Tokens, certificate and key: never outside the app’s server. This page gets the data.',
  },
  moneyhub: {
    provider: 'moneyhub',
    via: 'Moneyhub',
    renews: false,
    keeps: 'Stays connected for 90 days, and can be extended.',
    where: 'No token reaches this page. The app’s server asks Moneyhub for one that reads your data.',
  },
  moneyhubOnce: {
    provider: 'moneyhubOnce',
    via: 'Moneyhub',
    renews: false,
    keeps: 'Looked at once: the consent ends within a day.',
    where: 'Access token: never outside the app’s server, which hands this page the data.',
  },
  basis: {
    provider: 'basis',
    via: 'Basis',
    renews: false,
    keeps: 'Stays connected until you end it.',
    where:
      'Access token: in the memory of this page. Refresh token and secret: never outside the app’s server.',
  },
  apiture: {
    provider: 'apiture',
    via: 'Apiture',
    renews: true,
    keeps: 'Ends when you leave this page: nothing of it is stored, so going to another bank ends it, too.',
    where: 'Access and refresh token: in the memory of this page. They are gone when it closes.',
  },
} as const satisfies Readonly<Record<ProviderName, Facts>>

/** A bank of the demo; with credentials of a real provider it is that provider, whose banks are not known. */
function toBank(id: string, of: Facts, brand: BrandId, more: Partial<Bank> = {}): Bank {
  const { name, country } = brands[brand]
  const embedded = { id, brand, name, country, ...of, ...more }
  return real.includes(of.via)
    ? { ...embedded, brand: 'unknown', name: more.name ?? of.via, country: 'Real bank' }
    : embedded
}

const purposes: NonNullable<Bank['choices']> = {
  question: 'What do you want to share it for?',
  options: [
    { label: 'A budget, for a year', input: { consentRequest: 'budget' } },
    {
      label: 'A budget, for 30 days',
      input: { consentRequest: { template: 'budget', durationPeriod: 30, lookbackPeriod: 30 } },
    },
    { label: 'A loan offer, once', input: { consentRequest: 'once' } },
  ],
}

/** The banks behind Moneyhub and Basis are listed by the app's server. */
export interface Lists {
  readonly status: 'loading' | 'loaded' | 'failed'
  readonly moneyhub: readonly { readonly id: string; readonly name: string }[]
  readonly basis: readonly {
    readonly id: string
    readonly name: string
    readonly platforms: readonly { readonly id: string; readonly display_name: string }[]
  }[]
}

const lists = createStore<Lists>({ status: 'loading', moneyhub: [], basis: [] })
let asked = false

async function readList<T>(path: string): Promise<T | undefined> {
  const response = await fetch(at(path)).catch(() => undefined)
  return response?.ok ? ((await response.json()) as T) : undefined
}

/** Asks for the lists, once. */
export function loadLists(): void {
  if (asked) return
  asked = true
  void Promise.all([
    readList<Lists['moneyhub']>('/moneyhub-institutions'),
    readList<Lists['basis']>('/institutions'),
  ]).then(([moneyhub, basis]) => {
    lists.set({
      status: moneyhub && basis ? 'loaded' : 'failed',
      moneyhub: moneyhub ?? [],
      basis: basis ?? [],
    })
  })
}

const moneyhubBanks = ({ moneyhub }: Lists): readonly Bank[] =>
  moneyhub.map(({ id, name }) =>
    toBank(`moneyhub-${id}`, facts.moneyhub, brandOf(name), { name, input: { bankId: id } }),
  )

const basisBanks = ({ basis }: Lists): readonly Bank[] =>
  basis.map(({ id, name, platforms }) => {
    const options = platforms.map((one) => ({ label: one.display_name, input: { platformId: one.id } }))
    return toBank(`basis-${id}`, facts.basis, brandOf(name), {
      name,
      ...(options[0] && { input: options[0].input }),
      ...(options.length > 1 && { choices: { question: 'Where do you sign in?', options } }),
    })
  })

/** Every bank, those first whose connection is the easiest to live with. */
function createCatalog(listed: Lists): readonly Bank[] {
  const moneyhub = moneyhubBanks(listed)
  const [first] = moneyhub
  return [
    toBank('stitch', facts.stitch, 'fynbos'),
    toBank('openid', facts.openid, 'juniper'),
    ...moneyhub,
    toBank('fdx', facts.fdx, 'foxglove', { choices: purposes, input: { consentRequest: 'budget' } }),
    ...basisBanks(listed),
    toBank('apiture', facts.apiture, 'tern'),
    ...(first?.input
      ? [
          toBank('moneyhubOnce', facts.moneyhubOnce, first.brand, {
            name: `${first.name}, once`,
            input: first.input,
          }),
        ]
      : []),
    toBank('moneyhub', facts.moneyhub, 'unknown', {
      name: 'Another UK bank',
      country: 'Moneyhub asks which',
      input: { bankId: configuration.moneyhub.list },
    }),
  ]
}

let made: { readonly from: Lists; readonly catalog: readonly Bank[] } | undefined

/** The banks as far as they are known. */
export function useCatalog(): { readonly banks: readonly Bank[]; readonly status: Lists['status'] } {
  const listed = useStore(lists)
  return { banks: catalogOf(listed), status: listed.status }
}

function catalogOf(listed: Lists): readonly Bank[] {
  if (made?.from !== listed) made = { from: listed, catalog: createCatalog(listed) }
  return made.catalog
}

/** The bank that a connection is at. */
export function bankOf(connection: Connection, banks: readonly Bank[]): Bank | undefined {
  const ofProvider = banks.filter(({ provider }) => provider === connection.provider)
  const ids = [institutionOf(connection), rememberedBank(connection.id), connection.provider]
  for (const id of ids) {
    const found = ofProvider.find((one) => one.id === id)
    if (found) return found
  }
  return ofProvider[0]
}

/** Moneyhub's id of a connection begins with the bank's. */
function institutionOf({ provider, details }: Connection): string | undefined {
  if (provider !== 'moneyhub') return undefined
  const { connectionId } = details as Partial<MoneyhubDetails>
  return `moneyhub-${connectionId?.split(':')[0] ?? ''}`
}

/** Whether a bank is one of the demo's, which do as they are told. */
export const isEmbedded = ({ via }: Bank): boolean => !real.includes(via)
