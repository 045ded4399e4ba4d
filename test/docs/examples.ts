import { readdirSync, readFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** An example of the documents, as a module of its own. */
export interface Example {
  /** Where a virtual file for it stands: beside the test, so that packages are found. */
  readonly file: string
  readonly code: string
  /** Such as `README.md:14`. */
  readonly place: string
  /** The text that it stands in. */
  readonly path: string
}

/** The TypeScript examples of the README, the documents and the doc comments, each as a module of its own. */
export const examples: readonly Example[] = ['README.md', 'docs', 'src', 'examples']
  .flatMap((path) => filesOf(path))
  .flatMap((path) => examplesOf(path))

function filesOf(path: string): string[] {
  if (extname(path)) return [path]
  try {
    return readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:md|tsx?)$/.test(name) && !name.includes('node_modules'))
      .map((name) => join(path, name))
  } catch {
    return []
  }
}

function examplesOf(path: string): Example[] {
  const text = readFileSync(join(root, path), 'utf8')
  const inComments = !path.endsWith('.md')
  const fence = inComments ? /^ *\* ```(tsx?)\n([^]*?)^ *\* ```/gm : /^```(tsx?)\n([^]*?)^```/gm
  // A first line such as `// src/bank.ts` names the file, for the other examples of the same text to import.
  const folder = join(root, 'test/docs', path.replaceAll(/\W/g, '-'))
  return [...text.matchAll(fence)].map(([, kind = 'ts', body = ''], index) => ({
    path,
    file: join(folder, /^\/\/ ([\w./-]+\.tsx?)\n/.exec(body)?.[1] ?? `${String(index)}.${kind}`),
    code: `${inComments ? body.replaceAll(/^ *\* ?/gm, '') : body}\nexport {}\n`,
    place: `${path}, example ${String(index + 1)}`,
  }))
}

const settings = ts.parseJsonConfigFileContent(
  ts.readConfigFile(join(root, 'tsconfig.consumer.json'), (file) => ts.sys.readFile(file)).config,
  ts.sys,
  root,
).options

/** Packages that the documents name and that are not installed here. */
const standIns = {
  '@tanstack/react-query': ['./test/docs/stand-ins/tanstack-react-query.d.ts'],
  'next/navigation': ['./test/docs/stand-ins/next-navigation.d.ts'],
}

/** The program of these examples, together. */
function programOf(together: readonly Example[]): ts.Program {
  const byFile = new Map(together.map((example) => [example.file, example]))
  const options: ts.CompilerOptions = {
    ...settings,
    noEmit: true,
    incremental: false,
    composite: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    types: ['node', 'react', 'vite/client'],
    paths: { ...settings.paths, ...standIns },
  }
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  const folders = new Set(together.map(({ file }) => dirname(file)))
  host.directoryExists = (folder) => folders.has(folder) || ts.sys.directoryExists(folder)
  host.fileExists = (file) => byFile.has(file) || fileExists(file)
  host.readFile = (file) => byFile.get(file)?.code ?? readFile(file)
  host.getSourceFile = (file, language, ...rest) => {
    const example = byFile.get(file)
    return example
      ? ts.createSourceFile(file, example.code, language)
      : getSourceFile(file, language, ...rest)
  }
  return ts.createProgram([...byFile.keys()], options, host)
}

/**
 * Calls back with examples that make one program. An augmentation of `Register` holds for a whole program: such an example is
 * alone, or with the others of its text where it has a name, by which they import it.
 */
export function eachProgram<T>(look: (together: readonly Example[], program: ts.Program) => T): T[] {
  const augments = ({ code }: Example): boolean => code.includes('declare module')
  const alone = examples.filter(augments).map((example) => {
    const isNamed = !/\/\d+\.tsx?$/.test(example.file)
    return isNamed ? examples.filter(({ path }) => path === example.path) : [example]
  })
  const together = examples.filter((example) => !alone.flat().includes(example))
  return [together, ...alone].map((group) => look(group, programOf(group)))
}
