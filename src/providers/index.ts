export { apiture, type ApitureMode, type ApitureOptions } from './apiture/preset.js'
export { stitch, type StitchMode, type StitchOptions } from './stitch/preset.js'
