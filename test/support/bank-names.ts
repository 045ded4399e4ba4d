/** The demo's banks by which tests name them: each by its provider, and Moneyhub's and Basis's by the first that is listed. */
export const bankNames: Readonly<Record<string, string>> = {
  Apiture: 'Tern Harbor Community Bank',
  Basis: 'Larkspur Bank',
  FDX: 'Foxglove Federal',
  Moneyhub: 'Pennyhill Bank',
  'Moneyhub one-time': 'Pennyhill Bank, once',
  OpenID: 'Juniper Savings',
  Stitch: 'Fynbos Bank',
}
