import { jestPreset } from 'countersign/testing/jest'

export default {
  ...jestPreset,
  setupFilesAfterEnv: ['./setup.ts'],
  testTimeout: 60_000,
  transform: {
    '\\.[jt]sx?$': ['@swc/jest', { jsc: { transform: { react: { runtime: 'automatic' } } } }],
  },
}
