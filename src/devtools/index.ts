export { inspect } from './inspect.js'
export { CountersignDevtools, type CountersignDevtoolsProps } from './panel/devtools.js'
