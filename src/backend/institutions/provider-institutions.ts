import type { InstitutionDocument } from '../../protocol/contract.js'
import type { ProviderContext } from '../provider-given.js'

/** The institutions that a provider reaches. */
export interface ProviderInstitutions {
  /**
   * Reads the whole list, without any personal data: it is kept for an hour and given to all users. Entries that no page may
   * choose are left out.
   */
  readonly read: (context: ProviderContext) => Promise<readonly InstitutionDocument[]>
  /**
   * Origins of the provider's logos, such as `https://identity.moneyhub.co.uk`. A logo from elsewhere is left out: whoever serves it
   * learns which of the app's users look for a bank. @defaultValue none
   */
  readonly logoOrigins?: readonly string[]
}
