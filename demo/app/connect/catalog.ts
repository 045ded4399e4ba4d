import { useInstitutions, type Connection, type InputOf } from 'countersign'
import type { MoneyhubDetails } from 'countersign/providers'
import { institutions as basisInstitutions } from '../../../src/testing/quirks/basis-institutions.js'
import { institutions as moneyhubInstitutions } from '../../../src/testing/quirks/moneyhub-institutions.js'
import { brandOf, brands, type BrandId } from '../../brands.js'
import type { bank, ProviderName } from '../bank.js'
import { readConfiguration, realProviders } from '../configuration.js'
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

type InstitutionsOf<Name extends 'basis' | 'moneyhub'> = ReturnType<typeof useInstitutions<typeof bank, Name>>

/** The institutions behind Moneyhub and Basis that are known. */
interface Listed {
  readonly moneyhub: InstitutionsOf<'moneyhub'>['institutions']
  readonly basis: InstitutionsOf<'basis'>['institutions']
}

/**
 * What the demo's own banks list, until the lists are there: nobody who is signed out may ask for them, and who comes back from one of
 * these banks must find it.
 */
const ownLists: Listed = {
  moneyhub: real.includes(facts.moneyhub.via)
    ? []
    : moneyhubInstitutions
        .filter(({ type }) => type !== 'test')
        .map(({ id, name }) => ({ id, name, input: { bankId: id } }))
        // As the backend lists them.
        .sort((one, other) => one.name.localeCompare(other.name)),
  basis: real.includes(facts.basis.via)
    ? []
    : basisInstitutions.flatMap(({ name: group, platforms }) =>
        platforms.map(({ id, display_name: name }) => ({ id, name, group, input: { platformId: id } })),
      ),
}

const moneyhubBanks = ({ moneyhub }: Listed): readonly Bank[] =>
  moneyhub.map(({ id, name, input }) =>
    toBank(`moneyhub-${id}`, facts.moneyhub, brandOf(name), { name, input }),
  )

/** One bank for each institution: the ways to sign in at it are to be chosen from. */
function basisBanks({ basis }: Listed): readonly Bank[] {
  const groups = [...new Set(basis.map(({ name, group = name }) => group))]
  return groups.map((group) => {
    const ways = basis.filter((one) => (one.group ?? one.name) === group)
    const options = ways.map(({ name, input }) => ({ label: name, input }))
    return toBank(`basis-${ways[0]?.id ?? ''}`, facts.basis, brandOf(group), {
      name: group,
      ...(options[0] && { input: options[0].input }),
      ...(options.length > 1 && { choices: { question: 'Where do you sign in?', options } }),
    })
  })
}

/** Every bank, those first whose connection is the easiest to live with. */
function createCatalog({ moneyhub: ofMoneyhub, basis: ofBasis }: Listed): readonly Bank[] {
  const listed = {
    moneyhub: ofMoneyhub.length > 0 ? ofMoneyhub : ownLists.moneyhub,
    basis: ofBasis.length > 0 ? ofBasis : ownLists.basis,
  }
  const moneyhub = moneyhubBanks(listed)
  const once = moneyhub.find(({ brand }) => brand === 'pennyhill') ?? moneyhub[0]
  // First those that are known at once: what comes later moves no bank away from under a pointer.
  return [
    toBank('stitch', facts.stitch, 'fynbos'),
    toBank('openid', facts.openid, 'juniper'),
    toBank('fdx', facts.fdx, 'foxglove', { choices: purposes, input: { consentRequest: 'budget' } }),
    toBank('apiture', facts.apiture, 'tern'),
    toBank('moneyhub', facts.moneyhub, 'unknown', {
      name: 'Another UK bank',
      country: brands.pennyhill.country,
      keeps: `Moneyhub asks which one. ${facts.moneyhub.keeps}`,
      input: { bankId: configuration.moneyhub.list },
    }),
    ...moneyhub,
    ...basisBanks(listed),
    ...(once?.input
      ? [
          toBank('moneyhubOnce', facts.moneyhubOnce, once.brand, {
            name: `${once.name}, once`,
            input: once.input,
          }),
        ]
      : []),
  ]
}

let made: (Listed & { readonly catalog: readonly Bank[] }) | undefined

/** The banks as far as they are known: of Moneyhub's and Basis' those on the first page of their lists. */
export function useCatalog(): { readonly banks: readonly Bank[] } {
  const { institutions: moneyhub } = useInstitutions('moneyhub')
  const { institutions: basis } = useInstitutions('basis')
  return { banks: catalogOf({ moneyhub, basis }) }
}

function catalogOf(listed: Listed): readonly Bank[] {
  const { moneyhub, basis } = listed
  if (made?.moneyhub !== moneyhub || made.basis !== basis)
    made = { ...listed, catalog: createCatalog(listed) }
  return made.catalog
}

/** What Moneyhub and Basis have found for what a person types. */
export interface Search {
  readonly banks: readonly Bank[]
  readonly status: 'loading' | 'ready' | 'failed'
  /** Absent where all is shown. */
  readonly more?: () => void
  /** Asks again after a failure. Absent where the person must sign in first. */
  readonly retry?: () => void
}

/** Searches the lists of institutions, page by page. */
export function useSearch(query: string): Search {
  const moneyhub = useInstitutions('moneyhub', { query })
  const basis = useInstitutions('basis', { query })
  const listed = { moneyhub: moneyhub.institutions, basis: basis.institutions }
  const failed = [moneyhub, basis].filter((one) => one.status === 'failed')
  const more = [moneyhub, basis].flatMap((one) => ('more' in one ? [one.more] : []))
  const again = failed.filter(({ error }) => error.code !== 'sign_in_required').map(({ retry }) => retry)
  const loading = moneyhub.status === 'loading' || basis.status === 'loading'
  return {
    banks: [...moneyhubBanks(listed), ...basisBanks(listed)],
    status: failed.length > 0 ? 'failed' : loading ? 'loading' : 'ready',
    ...(more.length > 0 && { more: all(more) }),
    ...(again.length > 0 && { retry: all(again) }),
  }
}

const all = (actions: readonly (() => void)[]) => (): void => {
  for (const action of actions) action()
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
