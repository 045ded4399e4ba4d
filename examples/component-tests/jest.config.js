import { jestPreset } from 'countersign/testing/jest'

export default {
  ...jestPreset,
  // The imports of TypeScript files end in .js.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '\\.[jt]sx?$': ['@swc/jest', { jsc: { transform: { react: { runtime: 'automatic' } } } }],
  },
}
