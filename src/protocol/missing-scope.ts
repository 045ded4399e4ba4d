/** Parts of a token response that show what was granted, whatever its `scope` says. */
export interface ScopeEvidence {
  readonly refreshToken?: string | undefined
  /** The `sub` of a verified ID Token. */
  readonly sub?: string | undefined
}

/**
 * The requested scope values that were not granted; order plays no part. Many servers leave `openid` and `offline_access` out of
 * the granted scope: neither is missing when what it stands for came.
 */
export function missingScope(
  requested: readonly string[],
  granted: readonly string[],
  { refreshToken, sub }: ScopeEvidence = {},
): string[] {
  const shown = [
    ...granted,
    ...(refreshToken === undefined ? [] : ['offline_access']),
    ...(sub === undefined ? [] : ['openid']),
  ]
  return requested.filter((value) => !shown.includes(value))
}
