import { jestPreset } from 'countersign/testing/jest'

export default {
  ...jestPreset,
  transform: {
    '\\.[jt]sx?$': ['@swc/jest', { jsc: { transform: { react: { runtime: 'automatic' } } } }],
  },
}
