import reactHooks from 'eslint-plugin-react-hooks'
import { defineConfig, globalIgnores } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'

/**
 * Forbids imports from folders of src, so that they point one way:
 *
 *     react → core → platform → protocol        backend → protocol
 *
 * A dynamic import (a preset's channel) is allowed, since it is what keeps code out of the entry.
 *
 * @param {string} layer
 * @param {string[]} forbidden Names of folders in src.
 * @param {string[]} [typesOnly] Folders from which only types may come.
 */
const imports = (layer, forbidden, typesOnly = []) => {
  const from = (/** @type {string[]} */ folders) => `^\\.{1,2}/(?:.*/)?(?:${folders.join('|')})/`
  /** @type {import('eslint').Linter.Config} */
  const config = {
    name: `countersign/imports of ${layer}`,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [...checksNotToSwitchOff, ...(layer === 'react' ? [] : onlyInReact)],
          patterns: [
            ...onlyByRelativePath,
            ...(forbidden.length > 0
              ? [
                  {
                    regex: from(forbidden),
                    message: `${layer} does not import from there: see the layers in src.`,
                  },
                ]
              : []),
            ...(typesOnly.length > 0
              ? [
                  {
                    regex: from(typesOnly),
                    allowTypeImports: true,
                    message: `${layer} takes only types from there.`,
                  },
                ]
              : []),
          ],
        },
      ],
    },
  }
  return config
}

/** What of oauth4webapi switches a check off, or puts a secret into a page. */
const neverUsed = [
  'nopkce',
  'skipStateCheck',
  'expectNoState',
  'skipSubjectCheck',
  'validateDetachedSignatureResponse',
]
const checksNotToSwitchOff = [
  {
    name: 'oauth4webapi',
    importNames: neverUsed,
    message: 'PKCE, state and subject are always checked.',
  },
  {
    name: 'oauth4webapi',
    importNames: [
      'calculatePKCECodeChallenge',
      'generateRandomCodeVerifier',
      'generateRandomNonce',
      'generateRandomState',
    ],
    message: 'Use protocol/pkce.ts, which costs the entry no oauth4webapi.',
  },
]
const onlyInReact = [{ name: 'react', message: 'Only src/react imports React.' }]
const onlyByRelativePath = [{ regex: '^countersign(?:/|$)', message: 'Inside src, import by relative path.' }]

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', 'docs/api/']),
  {
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-template': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'always' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ['**/*.tsx', 'src/react/**', 'demo/app/**', 'test/react/**'],
    extends: [reactHooks.configs.flat['recommended-latest']],
  },

  // The library
  {
    files: ['src/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['localStorage', 'sessionStorage'].map((name) => ({
          name,
          message: 'Under a Web Lock tabs still lose updates there: use platform/database.ts.',
        })),
        ...Object.keys(globals.nodeBuiltin).filter((name) => !(name in globals.browser)),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: `MemberExpression[property.name=/^(?:${neverUsed.join('|')})$/]`,
          message: 'PKCE, state and subject are always checked.',
        },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'ExportAllDeclaration', message: 'An index.ts lists its exports by name.' },
      ],
    },
  },
  { files: ['src/*.ts'], ...imports('index', ['backend', 'providers', 'testing', 'devtools']) },
  {
    files: ['src/protocol/**'],
    ...imports('protocol', ['platform', 'core', 'react', 'providers', 'backend', 'testing', 'devtools']),
  },
  {
    files: ['src/platform/**'],
    ...imports('platform', ['core', 'react', 'providers', 'backend', 'testing', 'devtools']),
  },
  { files: ['src/core/**'], ...imports('core', ['react', 'providers', 'backend', 'testing', 'devtools']) },
  {
    files: ['src/react/**'],
    ...imports('react', ['platform', 'providers', 'backend', 'testing', 'devtools']),
  },
  {
    files: ['src/backend/**'],
    ...imports('backend', ['platform', 'core', 'react', 'providers', 'testing', 'devtools']),
  },
  {
    files: ['src/providers/**'],
    ...imports('providers', ['platform', 'react', 'backend', 'testing', 'devtools'], ['core']),
  },
  {
    files: ['src/providers/*/backend.ts', 'src/providers/*/backend/**'],
    ...imports('providers/*/backend.ts', ['platform', 'core', 'react', 'testing', 'devtools'], ['backend']),
  },
  {
    files: ['src/backend/node.ts', 'src/backend/stores/redis.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },

  // Around it
  {
    files: ['demo/**', 'scripts/**', 'test/**', '*.config.*'],
    rules: { 'no-console': 'off' },
  },
  {
    // Casts there are comments, which only tsc understands; it checks these files (scripts/tsconfig.json).
    files: ['**/*.js'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
)
