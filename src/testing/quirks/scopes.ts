/** What a scope value means, in the words of a consent page. */
export interface ScopeText {
  readonly text: string
  /** The person may leave it out. */
  readonly optional?: boolean
}

/** Scope values with their words. */
export type ScopeTexts = Readonly<Record<string, ScopeText>>

/** The words for an institution that a scope of Moneyhub names. */
export const institutionText = 'read accounts at the bank you chose'

/** The consent texts of each kind of provider. */
export const scopeTexts: Readonly<
  Record<'apiture' | 'basis' | 'fdx' | 'moneyhub' | 'standard' | 'stitch', ScopeTexts>
> = {
  apiture: {
    openid: { text: 'know that it is you' },
    'banking/read': { text: 'see your accounts and their balances' },
    'banking/write': { text: 'change your accounts' },
    profile: { text: 'see your name' },
    email: { text: 'see your e-mail address' },
    offline_access: { text: 'stay connected when you are away' },
  },
  basis: { 'profile:read': { text: 'read your Basis profile' } },
  fdx: {
    openid: { text: 'know that it is you' },
    ACCOUNT_BASIC: { text: 'list the accounts you share' },
    READ_CONSENTS: { text: 'show you this consent' },
    UPDATE_CONSENTS: { text: 'end this consent when you ask for it' },
    offline_access: { text: 'fetch the data when you are away' },
  },
  moneyhub: {
    openid: { text: 'recognise this connection later' },
    'accounts:read': { text: 'see your accounts and balances' },
    'accounts_details:read': { text: 'see the numbers of your accounts' },
    'transactions:read:all': { text: 'see your transactions' },
    reauth: { text: 'renew the connection' },
    reconsent: { text: 'renew the connection' },
    refresh: { text: 'renew the connection' },
    offline_access: { text: 'stay connected when you are away' },
  },
  standard: {
    openid: { text: 'know that it is you' },
    accounts: { text: 'see your accounts and their balances', optional: true },
    offline_access: { text: 'stay connected when you are away', optional: true },
  },
  stitch: {
    openid: { text: 'know that it is you' },
    accounts: { text: 'see your accounts', optional: true },
    balances: { text: 'see your balances', optional: true },
    transactions: { text: 'see your transactions', optional: true },
    accountholders: { text: 'see who holds your accounts', optional: true },
    offline_access: { text: 'stay linked when you are away', optional: true },
  },
}
