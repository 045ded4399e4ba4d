export { apiture, type ApitureMode, type ApitureOptions } from './apiture/preset.js'
export { oidc, type OidcOptions } from './oidc.js'
export { stitch, type StitchMode, type StitchOptions } from './stitch/preset.js'
