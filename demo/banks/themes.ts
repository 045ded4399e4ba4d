import { brands, type BrandId } from '../brands.js'
import type { Look, Palette, Theme, Words } from './theme.js'

const light = { alert: '#a3121f' }
const dark = { alert: '#ffb0ac' }

const theme = (brand: BrandId, tagline: string, look: Look, words: Words): Theme => ({
  brand,
  name: brands[brand].name,
  tagline,
  look,
  words,
})

const palette = (base: { readonly alert: string }, colours: Omit<Palette, 'alert'>): Palette => ({
  ...base,
  ...colours,
})

/** Tern Harbor: an old community bank. Square, serif, teal and brass. */
export const ternHarbor: Theme = theme(
  'tern',
  'At the waterfront since 1911',
  {
    layout: 'band',
    font: 'sourceSerif',
    radius: '2px',
    light: palette(light, {
      accent: '#0b4a5c',
      onAccent: '#ffffff',
      band: '#0b4a5c',
      onBand: '#f3efe2',
      page: '#f3efe4',
      card: '#fffdf7',
      text: '#20251f',
      quiet: '#565c53',
      line: '#b9ae93',
    }),
    dark: palette(dark, {
      accent: '#8ad3e2',
      onAccent: '#08222a',
      band: '#08333f',
      onBand: '#f3efe2',
      page: '#0d1517',
      card: '#142023',
      text: '#ece9dd',
      quiet: '#b3b7ab',
      line: '#4b5a57',
    }),
  },
  {
    signInTitle: 'Sign in to online banking',
    signInText: 'Please enter the user name and password of your Tern Harbor account.',
    consentTitle: (app) => `${app} requests access`,
    consentText: (person) => `You are signed in as ${person}. Please review what will be shared.`,
    aside:
      'We never ask for your password by telephone. Questions? Visit the branch at 4 Pier Street, Monday to Friday.',
  },
)

/** Larkspur: business banking. Two halves, violet, geometric. */
const larkspur: Theme = theme(
  'larkspur',
  'Banking for companies',
  {
    layout: 'split',
    font: 'manrope',
    radius: '10px',
    light: palette(light, {
      accent: '#3a36b5',
      onAccent: '#ffffff',
      band: '#25227a',
      onBand: '#eeedff',
      page: '#ffffff',
      card: '#ffffff',
      text: '#17162e',
      quiet: '#5a5975',
      line: '#8f8db0',
    }),
    dark: palette(dark, {
      accent: '#b7b4ff',
      onAccent: '#16143f',
      band: '#1d1a63',
      onBand: '#eeedff',
      page: '#12121c',
      card: '#12121c',
      text: '#efeffa',
      quiet: '#b2b1cc',
      line: '#5f5d86',
    }),
  },
  {
    signInTitle: 'Sign in',
    signInText: 'Use your company’s Larkspur sign-in.',
    consentTitle: (app) => `Give ${app} access to your profile`,
    consentText: (person) => `You are signed in as ${person}. Basis Connect asks on the app’s behalf.`,
    aside: 'Only people your company has authorised can share its data.',
  },
)

/** Prairie Ledger: accounting software. */
const prairieLedger: Theme = theme(
  'prairie',
  'Books that balance',
  {
    layout: 'plain',
    font: 'zillaSlab',
    radius: '6px',
    light: palette(light, {
      accent: '#8a4b0f',
      onAccent: '#ffffff',
      band: '#fbeed6',
      onBand: '#5a300a',
      page: '#fffaf0',
      card: '#ffffff',
      text: '#2b1d0e',
      quiet: '#6c5a45',
      line: '#c4ab86',
    }),
    dark: palette(dark, {
      accent: '#f2bf7c',
      onAccent: '#2b1906',
      band: '#33220f',
      onBand: '#fbe3bd',
      page: '#17110a',
      card: '#211810',
      text: '#f6ecdd',
      quiet: '#c4b39b',
      line: '#6d5a41',
    }),
  },
  {
    ...larkspur.words,
    signInText: 'Use the sign-in of your ledger.',
    aside: 'Your accountant keeps their own access.',
  },
)

/** Basis Connect, where it is not known which institution the person goes to. */
export const basisConnect: Theme = theme(
  'basis',
  'Business data, with your consent',
  {
    ...larkspur.look,
    layout: 'plain',
    font: 'figtree',
    light: { ...larkspur.look.light, accent: '#1f5a3d', band: '#16352a', onBand: '#e7f7ee', page: '#f3f6f4' },
    dark: {
      ...larkspur.look.dark,
      accent: '#8fd3ae',
      onAccent: '#0c2117',
      band: '#16352a',
      onBand: '#e7f7ee',
    },
  },
  { ...larkspur.words, signInText: 'Sign in as you do at your institution.' },
)

/** Foxglove Federal: a large bank. Slab serif, plum. */
export const foxglove: Theme = theme(
  'foxglove',
  'Member of the federal deposit scheme',
  {
    layout: 'plain',
    font: 'zillaSlab',
    radius: '8px',
    light: palette(light, {
      accent: '#6b1f55',
      onAccent: '#ffffff',
      band: '#ffffff',
      onBand: '#6b1f55',
      page: '#f7f0f5',
      card: '#ffffff',
      text: '#251a22',
      quiet: '#66566a',
      line: '#a88ea4',
    }),
    dark: palette(dark, {
      accent: '#f2a9dc',
      onAccent: '#350b29',
      band: '#1c1019',
      onBand: '#f7c8e9',
      page: '#150d13',
      card: '#22161f',
      text: '#f6ecf3',
      quiet: '#c6b2c1',
      line: '#735c6d',
    }),
  },
  {
    signInTitle: 'Sign in to Foxglove Federal',
    signInText: 'You sign in here and nowhere else: the app never learns your password.',
    consentTitle: (app) => `Share data with ${app}?`,
    consentText: (person) => `Hello ${person}. Nothing is shared that is not listed and ticked here.`,
    aside: 'Every consent is on record. See and end yours under Settings, Connected apps.',
  },
)

/** Pennyhill: a young bank. Round, coral, talkative. */
const pennyhill: Theme = theme(
  'pennyhill',
  'Money that climbs with you',
  {
    layout: 'bold',
    font: 'nunito',
    radius: '22px',
    light: palette(light, {
      accent: '#b92f16',
      onAccent: '#ffffff',
      band: '#ff5a3c',
      onBand: '#2b0a03',
      page: '#ff6f54',
      card: '#ffffff',
      text: '#2a1712',
      quiet: '#6d554e',
      line: '#c9a79e',
    }),
    dark: palette(dark, {
      accent: '#ffab99',
      onAccent: '#3a0d04',
      band: '#7a2313',
      onBand: '#fff0ec',
      page: '#5c1a0e',
      card: '#26130f',
      text: '#fff0ec',
      quiet: '#dcbfb7',
      line: '#8a6157',
    }),
  },
  {
    signInTitle: 'Hi there! Who’s this?',
    signInText: 'Pop in the details you use for the Pennyhill app.',
    consentTitle: (app) => `Share your accounts with ${app}?`,
    consentText: (person) => `Lovely to see you, ${person}. You can stop sharing whenever you like.`,
    aside: 'We’ll only share what you see here. Pinky promise, and the law.',
  },
)

/** Old Quay: a building society. A letter, set in Garamond. */
const oldQuay: Theme = theme(
  'oldQuay',
  'Owned by its members · Est. 1848',
  {
    layout: 'letter',
    font: 'garamond',
    radius: '0',
    light: palette(light, {
      accent: '#571024',
      onAccent: '#fdf6ea',
      band: '#fbf6ec',
      onBand: '#571024',
      page: '#eee6d8',
      card: '#fbf6ec',
      text: '#2a1a16',
      quiet: '#675048',
      line: '#a58d6d',
    }),
    dark: palette(dark, {
      accent: '#efc07e',
      onAccent: '#2d0a14',
      band: '#241218',
      onBand: '#efc07e',
      page: '#150b0f',
      card: '#241218',
      text: '#f4eadb',
      quiet: '#c9b5a3',
      line: '#7a604f',
    }),
  },
  {
    signInTitle: 'Welcome to Old Quay Online',
    signInText: 'Kindly enter your membership name and password.',
    consentTitle: (app) => `Share your accounts with ${app}?`,
    consentText: (person) => `Dear ${person}, may we share the following on your behalf?`,
    aside: 'Should anything look amiss, do write to the Secretary.',
  },
)

/** Juniper: as little as possible. Black on white, monospaced. */
export const juniper: Theme = theme(
  'juniper',
  'Savings. Nothing else.',
  {
    layout: 'bare',
    font: 'plexMono',
    radius: '0',
    light: palette(light, {
      accent: '#1e5c33',
      onAccent: '#ffffff',
      band: '#ffffff',
      onBand: '#14301d',
      page: '#ffffff',
      card: '#ffffff',
      text: '#101a13',
      quiet: '#4e5a51',
      line: '#7d8a80',
    }),
    dark: palette(dark, {
      accent: '#a5d9ae',
      onAccent: '#0c2112',
      band: '#0c120e',
      onBand: '#e4efdf',
      page: '#0c120e',
      card: '#0c120e',
      text: '#e8efe6',
      quiet: '#a9b5ab',
      line: '#5b6a5e',
    }),
  },
  {
    signInTitle: 'Sign in to Juniper',
    signInText: 'Name and password of your Juniper account.',
    consentTitle: (app) => `${app} asks for access`,
    consentText: (person) => `Signed in: ${person}. This is what the app asks for.`,
    aside: 'One account, one page, no advertising.',
  },
)

/** Fynbos: a phone-first bank. Purple and pink. */
export const fynbos: Theme = theme(
  'fynbos',
  'Linked by Stitch SSO',
  {
    layout: 'bold',
    font: 'sora',
    radius: '16px',
    light: palette(light, {
      accent: '#5b21c9',
      onAccent: '#ffffff',
      band: '#3b1690',
      onBand: '#ffe3ef',
      page: '#3b1690',
      card: '#ffffff',
      text: '#1b1130',
      quiet: '#5d5377',
      line: '#a79bc4',
    }),
    dark: palette(dark, {
      accent: '#ff9cc4',
      onAccent: '#3a0620',
      band: '#170a3a',
      onBand: '#ffd6e7',
      page: '#170a3a',
      card: '#221447',
      text: '#f5efff',
      quiet: '#c7bce2',
      line: '#6f5fa0',
    }),
  },
  {
    signInTitle: 'Hello! Let’s link your account',
    signInText: 'Sign in as you do in the Fynbos app. It takes a minute.',
    consentTitle: (app) => `Share with ${app}?`,
    consentText: (person) => `Hi ${person}! You choose what you share, and you can stop at any time.`,
    aside: 'Stitch links you; Fynbos never gives your password away.',
  },
)

/** Moneyhub itself, before it sends people on to their bank. */
export const moneyhubTheme: Theme = theme(
  'moneyhub',
  'Open Banking: your bank asks you next',
  {
    layout: 'plain',
    font: 'figtree',
    radius: '12px',
    light: palette(light, {
      accent: '#0b5d43',
      onAccent: '#ffffff',
      band: '#0b5d43',
      onBand: '#eafaf2',
      page: '#eef4f1',
      card: '#ffffff',
      text: '#13211b',
      quiet: '#50625a',
      line: '#92a89d',
    }),
    dark: palette(dark, {
      accent: '#7fdcb4',
      onAccent: '#06251a',
      band: '#07382a',
      onBand: '#eafaf2',
      page: '#0c1512',
      card: '#14211c',
      text: '#e9f4ee',
      quiet: '#aabfb4',
      line: '#4f665b',
    }),
  },
  {
    signInTitle: 'Sign in to your bank',
    signInText: 'You are at your bank now. Sign in as you always do.',
    consentTitle: (app) => `Share your accounts with ${app}?`,
    consentText: (person) => `You are signed in as ${person}. Moneyhub asks on the app’s behalf.`,
    aside: 'Moneyhub is authorised to read accounts; it can move no money.',
  },
)

/** Every theme, by its brand: what the banks' stylesheets are served from. */
export const themes: Readonly<Partial<Record<BrandId, Theme>>> = Object.fromEntries(
  [
    ternHarbor,
    larkspur,
    prairieLedger,
    basisConnect,
    foxglove,
    pennyhill,
    oldQuay,
    juniper,
    fynbos,
    moneyhubTheme,
  ].map((one) => [one.brand, one]),
)

/** The theme of an institution by its brand; another one where it has none of its own. */
export const themeOf = (brand: BrandId, otherwise: Theme): Theme => themes[brand] ?? otherwise
