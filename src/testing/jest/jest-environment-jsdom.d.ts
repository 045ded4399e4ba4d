/** The part of an optional peer dependency that is used here. */
declare module 'jest-environment-jsdom' {
  export class TestEnvironment {
    constructor(...settings: never[])
    global: typeof globalThis
  }
}
