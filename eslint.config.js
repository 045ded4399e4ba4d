import eslint from '@eslint/js'
import compat from 'eslint-plugin-compat'
import reactHooks from 'eslint-plugin-react-hooks'
import { defineConfig, globalIgnores } from 'eslint/config'
import globals from 'globals'
import tseslint from 'typescript-eslint'
import { membersTooNew, namesTooNew, oldestBrowsers } from './scripts/oldest-browsers.js'

/**
 * Forbids names of oauth4webapi, imported one by one or as a namespace.
 *
 * @param {string[]} names
 * @param {string} message
 */
const unused = (names, message) => [
  { selector: `ImportSpecifier[imported.name=/^(?:${names.join('|')})$/]`, message },
  { selector: `MemberExpression[property.name=/^(?:${names.join('|')})$/]`, message },
]
const syntax = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  // src/index.ts is all of core and React beside it.
  {
    selector: 'ExportAllDeclaration:not([source.value="./core/index.js"])',
    message: 'An index.ts lists its exports by name.',
  },
  ...unused(
    ['nopkce', 'skipStateCheck', 'expectNoState', 'skipSubjectCheck', 'validateDetachedSignatureResponse'],
    'PKCE, state and subject are always checked.',
  ),
  ...unused(
    [
      'calculatePKCECodeChallenge',
      'generateRandomCodeVerifier',
      'generateRandomNonce',
      'generateRandomState',
    ],
    'Use protocol/pkce.ts, which costs the entry no oauth4webapi.',
  ),
]
/** What is newer than the oldest browsers is not used in a page, unless a comment says how it is done without. */
const tooNew = [
  ...membersTooNew.map(({ object, property }) => ({ object, property })),
  ...namesTooNew.map((property) => ({ property })),
  // A browser that is too old must still be able to say so.
  { object: 'Object', property: 'hasOwn', message: 'Use protocol/has-own.ts.' },
].map((member) => ({ message: 'The oldest browsers do not have it: scripts/oldest-browsers.js.', ...member }))
const newSyntax = [{ selector: 'StaticBlock', message: 'The oldest browsers cannot read it.' }]
const inPages = [
  'src/*.ts',
  'src/{platform,core,react,devtools,protocol,messages}/**',
  'src/providers/*/{preset,facts,input,interaction}.ts',
  'src/providers/kit/page/**',
]

const clientAuthentication = unused(
  ['ClientSecretBasic', 'ClientSecretJwt', 'ClientSecretPost', 'PrivateKeyJwt', 'TlsClientAuth'],
  'A page is a public client: what authenticates a client stays in the backend.',
)

/** Layers and circles are the matter of dependency-cruiser.config.js, which does not read `countersign` as src. */
const onlyByRelativePath = [{ regex: '^countersign(?:/|$)', message: 'Inside src, import by relative path.' }]
const onlyInReact = [{ name: 'react', message: 'Only src/react and src/devtools import React.' }]

export default defineConfig(
  globalIgnores(['**/dist/', 'coverage/', 'docs/api/']),
  {
    extends: [
      eslint.configs.recommended,
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      'object-shorthand': 'error',
      'prefer-template': 'off',
      '@typescript-eslint/consistent-indexed-object-style': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      // Only an interface can be augmented, and Register is empty until it is.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'always' }],
      '@typescript-eslint/no-deprecated': [
        'error',
        // Marked so to stand out; the library allows loopback addresses alone by it.
        { allow: [{ from: 'package', package: 'oauth4webapi', name: 'allowInsecureRequests' }] },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // It asks for the `!` that another rule forbids.
      '@typescript-eslint/non-nullable-type-assertion-style': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ['**/*.tsx', 'src/react/**', 'src/devtools/**', 'demo/app/**', 'test/react/**'],
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
      'no-restricted-syntax': ['error', ...syntax],
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { paths: onlyInReact, patterns: onlyByRelativePath },
      ],
      // A longer function is divided, or says in a comment why it is one.
      'max-lines-per-function': ['error', { max: 60, skipComments: true }],
    },
  },
  {
    files: ['src/react/**', 'src/devtools/**'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: onlyByRelativePath }] },
  },
  {
    files: inPages,
    plugins: { compat },
    settings: {
      targets: Object.entries(oldestBrowsers).map(
        ([name, version]) => `${name.replace('safari_ios', 'ios_saf')} ${version}`,
      ),
      lintAllEsApis: true,
    },
    rules: {
      'compat/compat': 'error',
      'no-restricted-properties': ['error', ...tooNew],
      'no-restricted-syntax': ['error', ...syntax, ...newSyntax],
    },
  },
  {
    files: ['src/*.ts', 'src/{platform,core,react}/**', 'src/providers/**/preset.ts'],
    rules: { 'no-restricted-syntax': ['error', ...syntax, ...newSyntax, ...clientAuthentication] },
  },
  {
    files: ['src/backend/node/**', 'src/backend/storage/redis.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },

  // Around it
  {
    // Programs of their own: what they import is theirs, and not the project's.
    files: ['examples/**/*.js', 'examples/component-tests/**'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: { 'no-console': 'off' },
  },
  {
    // A method that is to give a promise, whatever it does.
    files: ['examples/**/*.ts'],
    ignores: ['examples/component-tests/**'],
    rules: { '@typescript-eslint/require-await': 'off' },
  },
  {
    files: ['demo/**', 'scripts/**', 'test/**', '*.config.*'],
    rules: { 'no-console': 'off' },
  },
  {
    // tsc checks these files (scripts/tsconfig.json), and only it understands casts in comments.
    files: ['**/*.js'],
    rules: {
      'no-undef': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
)
