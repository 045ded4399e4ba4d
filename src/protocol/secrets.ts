/**
 * Refuses options that must never be in a page, by their names: a client secret, a private key, an assertion, a certificate.
 *
 * @throws {TypeError} naming the option. Its value is in no message.
 * @see https://www.rfc-editor.org/rfc/rfc10017.html#section-6.3.3.1
 */
export function refuseSecrets(options: unknown): void {
  for (const [name, value] of Object.entries(Object(options) as Readonly<Record<string, unknown>>)) {
    // A private JWK has a member "d".
    if ('d' in Object(value) || /secret|private|assertion|cert|password|^(?:jwk|key|pem)s?$/i.test(name)) {
      throw new TypeError(
        `"${name}" must not be in a page, where everybody can read it: configure it at the backend.`,
      )
    }
  }
}
