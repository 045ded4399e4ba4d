export { apiture, type ApitureDetails, type ApitureMode, type ApitureOptions } from './apiture/preset.js'
export {
  basis,
  type BasisDetails,
  type BasisInput,
  type BasisMode,
  type BasisOptions,
} from './basis/preset.js'
export type { BasisEnvironment } from './basis/facts.js'
export {
  moneyhub,
  type MoneyhubConnect,
  type MoneyhubConsent,
  type MoneyhubDetails,
  type MoneyhubInputs,
  type MoneyhubModes,
  type MoneyhubOptions,
  type MoneyhubRenew,
  type MoneyhubUseCase,
} from './moneyhub/preset.js'
export { fdx, type FdxConsentChoice, type FdxDetails, type FdxInput, type FdxOptions } from './fdx/preset.js'
export type {
  FdxConsent,
  FdxDataCluster,
  FdxDurationType,
  FdxGrantedResource,
  FdxParty,
  FdxResource,
} from './fdx/facts.js'
export { backend } from './kit/page/backend.js'
export { defineProvider } from './kit/page/define-provider.js'
export { direct } from './kit/page/direct.js'
export type { DirectSettings } from '../core/channel/direct-settings.js'
export { oidc, type OidcDetails, type OidcOptions } from './oidc/preset.js'
export { stitch, type StitchMode, type StitchOptions } from './stitch/preset.js'
export {
  readStitchInteraction,
  type StitchInteraction,
  type StitchInteractionOptions,
} from './stitch/interaction.js'
