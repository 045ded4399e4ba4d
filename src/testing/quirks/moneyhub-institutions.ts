/** A financial institution that Moneyhub reaches. */
export interface Institution {
  readonly id: string
  readonly name: string
  /** Which of the lists holds it, beside the one of all. */
  readonly type: 'api' | 'legacy' | 'test'
}

/** The institutions, the first of which is Moneyhub's own mock bank. */
export const institutions: readonly [Institution, ...Institution[]] = [
  { id: '1ffe704d39629a929c8e293880fb449a', name: 'Moneyhub Open Banking Mock', type: 'test' },
  { id: '5a40f3c61b7d4d2a9e8be0c7d1f26b93', name: 'Pennyhill Bank', type: 'api' },
  { id: 'c81d29ee7b1f4f0d8f3b6a5e94d07a12', name: 'Old Quay Building Society', type: 'legacy' },
]

/** Groups of institutions, each of which is a scope `id:…` and a list. */
export const groups = ['all', 'api', 'legacy', 'test'] as const

/** The name of a group. */
export type Group = (typeof groups)[number]

/** The institutions of a group. */
export function institutionsOf(group: Group): readonly Institution[] {
  return institutions.filter(({ type }) => group === 'all' || type === group)
}

/** The institutions that a scope such as `id:all` or `id:1ffe…` names; none for any other scope. */
export function institutionsOfScope(scope: string): readonly Institution[] {
  const id = /^id:(.+)$/.exec(scope)?.[1]
  const group = groups.find((name) => name === id)
  return group ? institutionsOf(group) : institutions.filter((institution) => institution.id === id)
}

/** An entry of the public lists, with every member that the real ones have. */
export function toListEntry({
  id,
  name,
  type,
}: Institution): Institution & Readonly<Record<string, unknown>> {
  return {
    id,
    name,
    type,
    country: 'GB',
    parentRef: name.toLowerCase().replace(/\W+/g, '-'),
    bankRef: name.toLowerCase().replace(/\W+/g, '-'),
    isBeta: false,
    accountTypes: [
      { name: 'cash:current', beta: false },
      { name: 'savings', beta: false },
    ],
    iconUrl: '',
    userTypes: ['personal'],
    payments: [],
    status: { sync: 'AVAILABLE', auth: 'AVAILABLE' },
  }
}
