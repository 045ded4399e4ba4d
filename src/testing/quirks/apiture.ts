/** Documented by Apiture: `token_type` is "typically the string Bearer:". */
export const toApitureTokenType = (tokenType: unknown): unknown =>
  tokenType === 'Bearer' ? 'Bearer:' : tokenType
