/** Parameters that only this library sets: an application's extra parameters must not touch them. */
const reserved =
  /^(?:response_type|response_mode|client_id|redirect_uri|state|nonce|code_challenge|code_challenge_method|request|request_uri|scope|authorization_details|dpop_jkt)$/

/** The first of these authorization parameters that this library sets itself; `undefined` when there is none. */
export const reservedParameter = (parameters: object): string | undefined =>
  Object.keys(parameters).find((name) => reserved.test(name))
