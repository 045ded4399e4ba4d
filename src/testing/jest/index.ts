export { jestPreset, type JestPreset } from './jest-preset.js'
