/**
 * Parameters that only this library sets, and those that ask for a check which nobody would make: an application's extra
 * parameters must not touch them.
 */
const reserved =
  /^(?:response_type|response_mode|client_id|client_secret|client_assertion|client_assertion_type|redirect_uri|state|nonce|code_challenge|code_challenge_method|request|request_uri|scope|authorization_details|dpop_jkt|claims|id_token_hint|registration)$/

/** The first of these authorization parameters that this library sets itself; `undefined` when there is none. */
export const reservedParameter = (parameters: object): string | undefined =>
  Object.keys(parameters).find((name) => reserved.test(name))

/** @throws {TypeError} for extra parameters that name one which this library sets. */
export function refuseReserved(extra: Readonly<Record<string, string>>): void {
  const name = reservedParameter(extra)
  if (name !== undefined)
    throw new TypeError(
      `The authorization parameter "${name}" is set by countersign: remove it from the extra parameters.`,
    )
}
